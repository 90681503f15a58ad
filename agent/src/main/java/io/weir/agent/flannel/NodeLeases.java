package io.weir.agent.flannel;

import io.fabric8.kubernetes.api.model.Node;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads leases from Node objects: the subnet is the node's pod range, the rest are annotations. */
public final class NodeLeases {
    private final FlannelAnnotations names;
    private final NetConf conf;

    public NodeLeases(FlannelAnnotations names, NetConf conf) {
        this.names = names;
        this.conf = conf;
    }

    /** The leases of all nodes that run flannel by Kubernetes; what is wrong with one is told to {@code warn}. */
    public Leases of(Collection<Node> nodes, Consumer<String> warn) {
        final List<SubnetLease> leases = new ArrayList<>();
        for (final Node node : nodes) {
            if (!"true".equals(annotations(node).get(names.kubeSubnetManager()))) {
                continue;
            }
            try {
                final Map<String, String> written = annotations(node);
                final LeaseAttributes attributes = new LeaseAttributes(
                        address(written, names.publicIp(), true),
                        address(written, names.publicIpv6(), false),
                        written.getOrDefault(names.backendType(), ""),
                        data(written, names.backendData()),
                        data(written, names.backendV6Data()));
                leases.add(lease(node, attributes));
            } catch (final FlannelException e) {
                warn.accept("node " + node.getMetadata().getName() + ": " + e.getMessage());
            }
        }
        return Leases.of(leases);
    }

    /**
     * A node's lease with these attributes.
     *
     * @throws FlannelException when the node has no pod range, or one outside of the network
     */
    SubnetLease lease(Node node, LeaseAttributes attributes) {
        final IpPrefix subnet = conf.enableIpv4() ? podRange(node, true) : null;
        final IpPrefix ipv6Subnet = conf.enableIpv6() ? podRange(node, false) : null;
        if ((conf.enableIpv4() && subnet == null) || (conf.enableIpv6() && ipv6Subnet == null)) {
            throw new FlannelException("spec.podCIDRs lacks an IPv" + (conf.enableIpv4() && subnet == null ? 4 : 6)
                    + " range; the controller manager gives it with --allocate-node-cidrs");
        }
        checkInside(conf.network(), subnet);
        checkInside(conf.ipv6Network(), ipv6Subnet);
        return new SubnetLease(subnet, ipv6Subnet, attributes);
    }

    private static void checkInside(@Nullable IpPrefix network, @Nullable IpPrefix subnet) {
        if (network != null && subnet != null && !network.contains(subnet)) {
            throw new FlannelException("its pod range " + subnet + " is outside of the network " + network);
        }
    }

    private static @Nullable IpPrefix podRange(Node node, boolean ipv4) {
        if (node.getSpec() == null) {
            return null;
        }
        final List<String> ranges = new ArrayList<>(node.getSpec().getPodCIDRs());
        if (ranges.isEmpty() && node.getSpec().getPodCIDR() != null) {
            ranges.add(node.getSpec().getPodCIDR());
        }
        for (final String range : ranges) {
            try {
                final IpPrefix prefix = IpPrefix.parse(range);
                if (prefix.isIpv4() == ipv4) {
                    return prefix;
                }
            } catch (final IllegalArgumentException e) {
                throw new FlannelException("spec.podCIDRs: " + e.getMessage(), e);
            }
        }
        return null;
    }

    static Map<String, String> annotations(Node node) {
        final Map<String, String> annotations = node.getMetadata().getAnnotations();
        return annotations == null ? Map.of() : annotations;
    }

    private @Nullable IpAddress address(Map<String, String> written, String name, boolean ipv4) {
        final String text = written.get(name);
        if ((ipv4 ? !conf.enableIpv4() : !conf.enableIpv6()) || text == null || text.isEmpty()) {
            return null;
        }
        try {
            return IpAddress.parse(text);
        } catch (final IllegalArgumentException e) {
            throw new FlannelException("annotation " + name + ": " + e.getMessage(), e);
        }
    }

    /** Flannel writes {@code null} for a backend without data. */
    private static @Nullable String data(Map<String, String> written, String name) {
        final String text = written.get(name);
        return text == null || text.isEmpty() || text.equals("null") ? null : text;
    }
}
