package io.weir.agent.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weir.agent.node.PodGateways;
import io.weir.dataplane.wire.IpAddress;
import java.util.Map;

/** Answers in the forms of the CNI specification (section 5): what ADD made, and what went wrong. */
final class CniResult {
    private static final ObjectMapper MAPPER = JsonMapper.builder().build();

    private CniResult() {}

    /**
     * What ADD made, after what the plugins before it made.
     *
     * @param mtu of the interface, in bytes
     */
    static Map<String, Object> added(NetworkConfig config, CniAttachment attachment, int mtu) {
        final ObjectNode result = MAPPER.createObjectNode();
        result.put("cniVersion", config.version());
        final ArrayNode interfaces = result.putArray("interfaces");
        final ArrayNode ips = result.putArray("ips");
        final ArrayNode routes = result.putArray("routes");
        append(interfaces, config.previous().path("interfaces"));
        append(ips, config.previous().path("ips"));
        append(routes, config.previous().path("routes"));

        final int index = interfaces.size();
        final ObjectNode own = interfaces
                .addObject()
                .put("name", attachment.interfaceName())
                .put("mac", attachment.toAttachment().station().toString())
                .put("sandbox", attachment.namespace());
        if (config.version().equals("1.1.0")) {
            own.put("mtu", mtu);
        }
        for (final IpAddress address : attachment.addresses()) {
            final String gateway = PodGateways.of(address).toString();
            final ObjectNode ip = ips.addObject();
            if (config.version().equals("0.4.0")) {
                ip.put("version", address.isIpv4() ? "4" : "6");
            }
            ip.put("address", address + "/" + address.bitLength())
                    .put("gateway", gateway)
                    .put("interface", index);
            routes.addObject()
                    .put("dst", address.isIpv4() ? "0.0.0.0/0" : "::/0")
                    .put("gw", gateway);
        }
        final JsonNode dns =
                config.dns().isObject() ? config.dns() : config.previous().path("dns");
        result.set("dns", dns.isObject() ? dns : MAPPER.createObjectNode());
        return tree(result);
    }

    private static void append(ArrayNode to, JsonNode from) {
        from.forEach(to::add);
    }

    /** @param version that the configuration asks for, if that much is known of it */
    static Map<String, Object> failed(String version, CniException failure) {
        final ObjectNode error = MAPPER.createObjectNode()
                .put("cniVersion", version)
                .put("code", failure.code())
                .put("msg", failure.getMessage());
        if (!failure.details().isEmpty()) {
            error.put("details", failure.details());
        }
        return tree(error);
    }

    @SuppressWarnings("unchecked") // an object's keys are text
    private static Map<String, Object> tree(ObjectNode node) {
        return MAPPER.convertValue(node, Map.class);
    }
}
