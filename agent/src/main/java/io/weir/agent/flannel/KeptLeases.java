package io.weir.agent.flannel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weir.agent.config.FlannelConfig;
import io.weir.agent.config.FlannelRegistryKind;
import io.weir.agent.file.SafeFile;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leases that were in force last, in a file: a weir that starts again forwards by them until its registry answers, as the
 * kernel of a flannel node does while flanneld is down.
 */
final class KeptLeases {
    private static final Logger LOG = LoggerFactory.getLogger(KeptLeases.class);
    private static final int VERSION = 1;

    private final SafeFile file;
    private final String membership;

    /**
     * @param path   outlives the process, and not the machine's run
     * @param config leases of another registry or node are not used
     */
    KeptLeases(Path path, FlannelConfig config, FlannelMember.Surroundings node) {
        file = new SafeFile(path, "weir-flannel-leases", VERSION);
        final String registry = config.registry() == FlannelRegistryKind.ETCD
                ? config.etcd().endpoints() + " " + config.etcd().prefix()
                : config.annotationPrefix() + " " + config.netConfFile();
        membership = node.nodeName() + " " + config.publicIp() + " " + config.publicIpv6() + " " + node.addresses()
                + " " + config.registry() + " " + registry;
    }

    /** What was kept: a translator of the network as it was, and its leases. */
    record Kept(FlannelTranslator translator, Leases leases) {
        FlannelPlan plan() {
            return translator.translate(leases);
        }
    }

    /** Replaces what is kept; a failure is logged, and costs nothing but a later start's ways to other nodes. */
    void write(NetConf conf, VtepMacs macs, SubnetLease own, Leases leases) {
        final ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("membership", membership);
        root.set("network", network(conf));
        root.put("vtepMac", macs.ipv4().toString());
        root.put("vtepMacV6", macs.ipv6().toString());
        root.set("own", lease(own));
        final ArrayNode all = root.putArray("leases");
        leases.all().forEach(each -> all.add(lease(each)));
        try {
            file.write(root.toString());
        } catch (final IOException e) {
            LOG.warn("flannel: the leases can't be kept for a restart: {}", e.toString());
        }
    }

    /** As net-conf.json says it; what only a registry needs is left out. */
    private static ObjectNode network(NetConf conf) {
        final ObjectNode network = JsonNodeFactory.instance.objectNode();
        network.put("EnableIPv4", conf.enableIpv4());
        network.put("EnableIPv6", conf.enableIpv6());
        network.put("Network", text(conf.network()));
        network.put("IPv6Network", text(conf.ipv6Network()));
        final ObjectNode backend = network.putObject("Backend");
        backend.put("Type", conf.backend().type());
        if (conf.backend() instanceof Backend.Vxlan(int vni, int port, int mtu, boolean directRouting)) {
            backend.put("VNI", vni);
            backend.put("Port", port);
            backend.put("MTU", mtu);
            backend.put("DirectRouting", directRouting);
        }
        return network;
    }

    private static ObjectNode lease(SubnetLease lease) {
        final ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("subnet", text(lease.subnet()));
        node.put("subnetV6", text(lease.ipv6Subnet()));
        node.put("attributes", lease.attributes().toJson());
        return node;
    }

    private static @Nullable String text(@Nullable IpPrefix prefix) {
        return prefix == null ? null : prefix.toString();
    }

    /** What was kept of this membership; null when there is none, or it can't be trusted, which is said. */
    @Nullable
    Kept read(FlannelConfig config, Underlay underlay) {
        try {
            final String text = file.read();
            if (text == null) {
                return null;
            }
            final JsonNode root = Json.object(text, "the file of leases");
            if (!membership.equals(Json.text(root, "membership"))) {
                return null;
            }
            final List<SubnetLease> leases = new ArrayList<>();
            root.path("leases").forEach(each -> leases.add(lease(each)));
            final FlannelTranslator translator = new FlannelTranslator(
                    NetConf.parse(root.path("network").toString()),
                    lease(root.path("own")),
                    underlay,
                    new VtepMacs(
                            MacAddress.parse(root.path("vtepMac").asText()),
                            MacAddress.parse(root.path("vtepMacV6").asText())),
                    config.tunnel());
            return new Kept(translator, Leases.of(leases));
        } catch (final IOException | FlannelException | IllegalArgumentException e) {
            LOG.warn("flannel: the leases that an earlier weir kept are not used: {}", e.getMessage());
            return null;
        }
    }

    private static SubnetLease lease(JsonNode node) {
        return new SubnetLease(
                prefix(node, "subnet"),
                prefix(node, "subnetV6"),
                LeaseAttributes.parse(node.path("attributes").asText()));
    }

    private static @Nullable IpPrefix prefix(JsonNode node, String name) {
        final String text = Json.text(node, name);
        return text == null ? null : IpPrefix.parse(text);
    }
}
