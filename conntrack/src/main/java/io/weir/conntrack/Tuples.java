package io.weir.conntrack;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;

/**
 * The last words of tuples as packets have them.
 *
 * <p>An ICMP query and its answer differ by type, and the same identifier may be used in both directions at once; so the
 * protocol field of a query's tuple carries {@link #QUERY}, and that of its answer does not.
 */
final class Tuples {
    static final int QUERY = 0x100;

    private Tuples() {}

    /** The meta word of the tuple that a packet itself has. */
    static long meta(Packet packet, int zone) {
        return Entry.meta(
                packet.sourcePort(), packet.destinationPort(), zone, packet.protocol() | (isQuery(packet) ? QUERY : 0));
    }

    /** Echo, timestamp, information and address-mask requests. */
    static boolean isQuery(Packet packet) {
        return (packet.protocol() == PacketParser.PROTOCOL_ICMP && isQueryV4(packet.icmpType()))
                || (packet.protocol() == PacketParser.PROTOCOL_ICMPV6 && packet.icmpType() == 128);
    }

    private static boolean isQueryV4(int type) {
        return type == 8 || type == 13 || type == 15 || type == 17;
    }

    /**
     * The meta word of the answer to a packet that leaves with this source port.
     *
     * @param protocol        the packet's own, with {@link #QUERY} or without
     * @param destinationPort as the packet leaves; for ICMP it has no meaning
     */
    static long replyMeta(int protocol, int destinationPort, int sourcePort, int zone) {
        final int plain = protocol & 0xFF;
        final boolean icmp = isIcmp(plain);
        final int answer = icmp ? protocol ^ QUERY : protocol;
        return Entry.meta(icmp ? sourcePort : destinationPort, sourcePort, zone, answer);
    }

    static boolean isIcmp(int plainProtocol) {
        return plainProtocol == PacketParser.PROTOCOL_ICMP || plainProtocol == PacketParser.PROTOCOL_ICMPV6;
    }
}
