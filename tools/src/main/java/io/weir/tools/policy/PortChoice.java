package io.weir.tools.policy;

import io.weir.policy.classify.Protocol;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A protocol and a port, as in {@code 80}, {@code 53/UDP} or {@code ICMP}.
 *
 * @param port 0 for ICMP
 */
record PortChoice(Protocol protocol, int port) {
    @Override
    public String toString() {
        return protocol == Protocol.ICMP ? "ICMP" : port + "/" + protocol;
    }

    /** For picocli. */
    static final class Converter implements ITypeConverter<PortChoice> {
        @Override
        public PortChoice convert(String text) {
            if (text.equalsIgnoreCase("ICMP")) {
                return new PortChoice(Protocol.ICMP, 0);
            }
            final String[] parts = text.split("/", 2);
            final int port;
            try {
                port = Integer.parseInt(parts[0]);
            } catch (final NumberFormatException e) {
                throw wrong(text);
            }
            if (port < 1 || port > 0xFFFF) {
                throw wrong(text);
            }
            return switch (parts.length == 1 ? "TCP" : parts[1].toUpperCase(Locale.ROOT)) {
                case "TCP" -> new PortChoice(Protocol.TCP, port);
                case "UDP" -> new PortChoice(Protocol.UDP, port);
                case "SCTP" -> new PortChoice(Protocol.SCTP, port);
                default -> throw wrong(text);
            };
        }

        private static TypeConversionException wrong(String text) {
            return new TypeConversionException("'" + text + "' is no port; write 80, 53/UDP, 132/SCTP or ICMP");
        }
    }
}
