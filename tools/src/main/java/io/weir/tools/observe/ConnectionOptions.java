package io.weir.tools.observe;

import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.wire.IpPrefix;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which connections. */
final class ConnectionOptions {
    private static final Set<String> PROTOCOLS = Set.of("tcp", "udp", "sctp", "icmp", "icmpv6");

    @Option(
            names = "--protocol",
            paramLabel = "P",
            converter = Protocol.class,
            description = "tcp, udp, sctp, icmp, icmpv6 or a number.")
    private @Nullable String protocol;

    @Option(
            names = "--source",
            paramLabel = "CIDR",
            converter = Prefix.class,
            description = "Who sent the first packet.")
    private @Nullable String source;

    @Option(
            names = "--destination",
            paramLabel = "CIDR",
            converter = Prefix.class,
            description = "Where the first packet went, or the backend behind it.")
    private @Nullable String destination;

    @Option(names = "--source-port", paramLabel = "N", description = "Of the first packet.")
    private @Nullable Integer sourcePort;

    @Option(names = "--destination-port", paramLabel = "N", description = "Of the first packet.")
    private @Nullable Integer destinationPort;

    @Option(
            names = "--state",
            paramLabel = "STATE",
            converter = State.class,
            description = "As in the list: ESTABLISHED, UNREPLIED, ...")
    private @Nullable String state;

    @Option(names = "--snat", description = "Only connections whose source is translated.")
    private boolean sourceTranslated;

    /** The fields of a question. */
    Map<String, Object> fields() {
        final Map<String, Object> fields = new LinkedHashMap<>();
        put(fields, "protocol", protocol);
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

    static final class Protocol implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            final String name = text.toLowerCase(Locale.ROOT);
            if (!PROTOCOLS.contains(name) && !name.matches("\\d{1,3}")) {
                throw new TypeConversionException(
                        "'" + text + "' is no protocol; write tcp, udp, sctp, icmp, icmpv6 or a number");
            }
            return name;
        }
    }

    static final class Prefix implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            try {
                return IpPrefix.parse(text).toString();
            } catch (final IllegalArgumentException e) {
                throw new TypeConversionException(
                        "'" + text + "' is no range; write 10.0.0.0/8, fd00::/64 or an address");
            }
        }
    }

    static final class State implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            final String name = text.toUpperCase(Locale.ROOT);
            if (!ConnectionRecord.STATES.contains(name)) {
                throw new TypeConversionException(
                        "'" + text + "' is no state; there are " + String.join(", ", ConnectionRecord.STATES));
            }
            return name;
        }
    }
}
