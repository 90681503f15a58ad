package io.weir.agent.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weir.agent.node.HostPort;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Attachments and resting addresses as the text of a file.
 *
 * @param boot        identifies the run of the kernel in which it was written: no namespace outlives that
 * @param attachments in the order in which they were made
 * @param freed       when each address was freed, in ms since 1970; the one that was freed first in front
 */
record AttachmentText(String boot, List<CniAttachment> attachments, SequencedMap<IpAddress, Long> freed) {
    private static final ObjectMapper MAPPER = JsonMapper.builder().build();

    String write() throws IOException {
        final ObjectNode tree = MAPPER.createObjectNode().put("boot", boot);
        final ArrayNode all = tree.putArray("attachments");
        for (final CniAttachment each : attachments) {
            final ObjectNode one = all.addObject()
                    .put("network", each.network())
                    .put("container", each.container())
                    .put("interface", each.interfaceName())
                    .put("namespace", each.namespace())
                    .put("identity", each.identity())
                    .put("pod", each.pod());
            each.addresses().forEach(address -> one.withArray("addresses").add(address.toString()));
            final MacAddress mac = each.mac();
            if (mac != null) {
                one.put("mac", mac.toString());
            }
            for (final HostPort port : each.hostPorts()) {
                final IpAddress address = port.hostAddress();
                one.withArray("hostPorts")
                        .addObject()
                        .put("protocol", port.protocol())
                        .put("host", port.hostPort())
                        .put("container", port.containerPort())
                        .put("address", address == null ? null : address.toString());
            }
        }
        final ObjectNode resting = tree.putObject("freed");
        freed.forEach((address, freedMs) -> resting.put(address.toString(), freedMs));
        return MAPPER.writeValueAsString(tree) + "\n";
    }

    /** @throws IOException when the text is not what {@link #write} makes */
    static AttachmentText read(String text) throws IOException {
        try {
            final JsonNode tree = MAPPER.readTree(text);
            final List<CniAttachment> attachments = new ArrayList<>();
            for (final JsonNode one : tree.path("attachments")) {
                attachments.add(attachment(one));
            }
            final SequencedMap<IpAddress, Long> freed = new LinkedHashMap<>();
            for (final Map.Entry<String, JsonNode> each : tree.path("freed").properties()) {
                freed.put(IpAddress.parse(each.getKey()), each.getValue().asLong());
            }
            return new AttachmentText(tree.path("boot").asText(), attachments, freed);
        } catch (final JsonProcessingException | IllegalArgumentException e) {
            throw new IOException("not the text of attachments: " + e.getMessage(), e);
        }
    }

    private static CniAttachment attachment(JsonNode one) {
        final List<IpAddress> addresses = new ArrayList<>();
        one.path("addresses").forEach(address -> addresses.add(IpAddress.parse(address.asText())));
        final List<HostPort> hostPorts = new ArrayList<>();
        for (final JsonNode port : one.path("hostPorts")) {
            hostPorts.add(new HostPort(
                    port.path("protocol").asInt(),
                    port.path("host").asInt(),
                    port.path("container").asInt(),
                    port.hasNonNull("address")
                            ? IpAddress.parse(port.path("address").asText())
                            : null));
        }
        return new CniAttachment(
                one.path("network").asText(),
                one.path("container").asText(),
                one.path("interface").asText(),
                one.path("namespace").asText(),
                one.path("identity").asText(),
                one.path("pod").asText(),
                addresses,
                one.hasNonNull("mac") ? MacAddress.parse(one.path("mac").asText()) : null,
                hostPorts);
    }
}
