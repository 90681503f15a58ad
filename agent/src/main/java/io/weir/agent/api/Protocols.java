package io.weir.agent.api;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;

/** Protocols, addresses and ports as people write them. */
final class Protocols {
    private static final int ICMP = 1;
    private static final int SCTP = 132;

    private Protocols() {}

    /** {@code tcp}, or the number. */
    static String name(int protocol) {
        return switch (protocol) {
            case PacketParser.PROTOCOL_TCP -> "tcp";
            case PacketParser.PROTOCOL_UDP -> "udp";
            case ICMP -> "icmp";
            case PacketParser.PROTOCOL_ICMPV6 -> "icmpv6";
            case SCTP -> "sctp";
            default -> Integer.toString(protocol);
        };
    }

    /** The number for a name or a number. */
    static int number(String name) throws ApiException {
        return switch (name) {
            case "tcp" -> PacketParser.PROTOCOL_TCP;
            case "udp" -> PacketParser.PROTOCOL_UDP;
            case "icmp" -> ICMP;
            case "icmpv6" -> PacketParser.PROTOCOL_ICMPV6;
            case "sctp" -> SCTP;
            default -> {
                try {
                    yield Integer.parseInt(name);
                } catch (final NumberFormatException e) {
                    throw new ApiException(
                            "protocol '" + name + "' is unknown; write tcp, udp, sctp, icmp, icmpv6 or a number");
                }
            }
        };
    }

    /** {@code 10.0.0.1:80} or {@code [fd00::1]:80}. */
    static String endpoint(IpAddress address, int port) {
        return address.isIpv4() ? address + ":" + port : "[" + address + "]:" + port;
    }
}
