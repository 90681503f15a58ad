package io.weir.tools.observe;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which connections. */
final class ConnectionOptions {
    @Option(names = "--protocol", paramLabel = "P", description = "tcp, udp, sctp, icmp, icmpv6 or a number.")
    private @Nullable String protocol;

    @Option(names = "--source", paramLabel = "CIDR", description = "Who sent the first packet.")
    private @Nullable String source;

    @Option(
            names = "--destination",
            paramLabel = "CIDR",
            description = "Where the first packet went, or the backend behind it.")
    private @Nullable String destination;

    @Option(names = "--source-port", paramLabel = "N", description = "Of the first packet.")
    private @Nullable Integer sourcePort;

    @Option(names = "--destination-port", paramLabel = "N", description = "Of the first packet.")
    private @Nullable Integer destinationPort;

    @Option(names = "--state", paramLabel = "STATE", description = "As in the list: ESTABLISHED, UNREPLIED, ...")
    private @Nullable String state;

    @Option(names = "--snat", description = "Only connections whose source is translated.")
    private boolean sourceTranslated;

    /** The fields of a question. */
    Map<String, Object> fields() {
        final Map<String, Object> fields = new LinkedHashMap<>();
        put(fields, "protocol", protocol == null ? null : protocol.toLowerCase(Locale.ROOT));
        put(fields, "source", source);
        put(fields, "destination", destination);
        put(fields, "sourcePort", sourcePort);
        put(fields, "destinationPort", destinationPort);
        put(fields, "state", state);
        put(fields, "sourceTranslated", sourceTranslated ? true : null);
        return fields;
    }

    private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
        if (value != null) {
            fields.put(name, value);
        }
    }
}
