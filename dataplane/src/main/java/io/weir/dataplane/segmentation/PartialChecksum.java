package io.weir.dataplane.segmentation;

import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.InternetChecksum;

/** Completes a checksum that a sender left to its device: the field holds the pseudo header's sum. */
final class PartialChecksum {
    private PartialChecksum() {}

    /**
     * Sums up what the field does not cover yet, and writes the checksum.
     *
     * @param ip raw address of the IP header
     * @return false when the packet is neither TCP nor UDP or too short: it is left as it was
     */
    static boolean complete(long ip, int ipLength) {
        final int found = TransportHeader.locate(ip, ipLength);
        if (found == TransportHeader.MISSING) {
            return false;
        }
        final int protocol = TransportHeader.protocol(found);
        final int offset = TransportHeader.offset(found);
        final int length = ipLength - offset;
        final int field =
                protocol == PacketParser.PROTOCOL_TCP ? TransportHeader.TCP_CHECKSUM : TransportHeader.UDP_CHECKSUM;
        if (length < field + 2) {
            return false;
        }
        final int checksum = InternetChecksum.ofSum(InternetChecksum.sum(ip + offset, length));
        final boolean isUdp = protocol == PacketParser.PROTOCOL_UDP;
        putShortBigEndian(ip + offset + field, isUdp && checksum == 0 ? 0xFFFF : checksum);
        return true;
    }
}
