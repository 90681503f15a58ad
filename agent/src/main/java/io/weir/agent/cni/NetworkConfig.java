package io.weir.agent.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.weir.agent.node.HostPort;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a runtime writes to a plugin's standard input: the network's configuration with what it adds for this call (CNI
 * specification 1.1.0, sections 1 and 2).
 *
 * @param version          in which the answer must be
 * @param name             of the network
 * @param hostPorts        capability {@code portMappings}
 * @param addresses        capability {@code ips}: what the pod is to have; empty for any
 * @param mac              capability {@code mac}
 * @param previous         result of the plugin before, or with CHECK and DEL of the whole ADD; a missing node without one
 * @param validAttachments for GC: {@code container/interface} of all that are still wanted; null for other commands
 * @param dns              as configured, passed on; a missing node without one
 */
record NetworkConfig(
        String version,
        String name,
        List<HostPort> hostPorts,
        List<IpAddress> addresses,
        @Nullable MacAddress mac,
        JsonNode previous,
        @Nullable Set<String> validAttachments,
        JsonNode dns) {
    static final List<String> VERSIONS = List.of("0.4.0", "1.0.0", "1.1.0");

    private static final ObjectMapper MAPPER = JsonMapper.builder().build();

    /** @throws CniException with code 1, 2, 6 or 7 */
    static NetworkConfig parse(String text) throws CniException {
        final JsonNode tree;
        try {
            tree = MAPPER.readTree(text);
        } catch (final JsonProcessingException e) {
            throw new CniException(
                    CniException.DECODING_FAILURE, "the network configuration is no JSON", e.getOriginalMessage());
        }
        if (!tree.isObject()) {
            throw new CniException(CniException.DECODING_FAILURE, "the network configuration is no JSON object");
        }
        final String version = tree.path("cniVersion").asText();
        if (!VERSIONS.contains(version)) {
            throw new CniException(
                    CniException.INCOMPATIBLE_VERSION,
                    "weir speaks CNI " + String.join(", ", VERSIONS) + ", and the configuration has cniVersion '"
                            + version + "'");
        }
        final String name = tree.path("name").asText();
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*")) {
            throw new CniException(CniException.INVALID_CONFIG, "the network's name is '" + name + "'; give it one");
        }
        final JsonNode runtime = tree.path("runtimeConfig");
        try {
            return new NetworkConfig(
                    version,
                    name,
                    hostPorts(runtime.path("portMappings")),
                    addresses(runtime.path("ips")),
                    runtime.hasNonNull("mac")
                            ? MacAddress.parse(runtime.path("mac").asText())
                            : null,
                    tree.path("prevResult"),
                    tree.has("cni.dev/valid-attachments") ? valid(tree.path("cni.dev/valid-attachments")) : null,
                    tree.path("dns"));
        } catch (final IllegalArgumentException e) {
            throw new CniException(CniException.INVALID_CONFIG, "runtimeConfig: " + e.getMessage());
        }
    }

    private static List<HostPort> hostPorts(JsonNode mappings) throws CniException {
        final List<HostPort> ports = new ArrayList<>();
        for (final JsonNode mapping : mappings) {
            final int hostPort = mapping.path("hostPort").asInt();
            if (hostPort == 0) {
                continue; // the container has the port, the node does not
            }
            final String protocol = mapping.path("protocol").asText("tcp").toLowerCase(Locale.ROOT);
            final String address = mapping.path("hostIP").asText();
            final IpAddress only = address.isEmpty() ? null : IpAddress.parse(address);
            if (only != null && only.isLoopback()) {
                throw new CniException(
                        CniException.UNSUPPORTED_FIELD,
                        "runtimeConfig.portMappings: hostIP " + address + " would be the node's alone; leave it out");
            }
            ports.add(new HostPort(
                    switch (protocol) {
                        case "tcp" -> PacketParser.PROTOCOL_TCP;
                        case "udp" -> PacketParser.PROTOCOL_UDP;
                        case "sctp" -> PacketParser.PROTOCOL_SCTP;
                        default ->
                            throw new IllegalArgumentException("portMappings has the protocol '" + protocol + "'");
                    },
                    hostPort,
                    mapping.path("containerPort").asInt(),
                    only == null || only.isUnspecified() ? null : only));
        }
        return List.copyOf(ports);
    }

    private static List<IpAddress> addresses(JsonNode ips) {
        final List<IpAddress> addresses = new ArrayList<>();
        for (final JsonNode ip : ips) {
            addresses.add(address(ip.asText()));
        }
        return List.copyOf(addresses);
    }

    /** With or without a prefix length, which every pod's address has anyway. */
    static IpAddress address(String text) {
        final int slash = text.indexOf('/');
        if (slash >= 0) {
            IpPrefix.parse(text);
        }
        return IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
    }

    private static Set<String> valid(JsonNode attachments) {
        final Set<String> keys = new TreeSet<>();
        for (final JsonNode each : attachments) {
            keys.add(each.path("containerID").asText() + "/"
                    + each.path("ifname").asText());
        }
        return keys;
    }
}
