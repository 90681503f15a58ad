package io.weir.dataplane.offload;

import static io.weir.dataplane.linux.BpfInstructions.R0;
import static io.weir.dataplane.linux.BpfInstructions.R1;
import static io.weir.dataplane.linux.BpfInstructions.R2;
import static io.weir.dataplane.linux.BpfInstructions.R3;
import static io.weir.dataplane.linux.BpfInstructions.R4;
import static io.weir.dataplane.linux.BpfInstructions.R6;
import static io.weir.dataplane.linux.BpfInstructions.R7;
import static io.weir.dataplane.linux.BpfInstructions.R9;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.BpfTable;

/**
 * The {@link OffloadTunnel} of an entry in front of a packet, and off again. A big packet keeps its segments' length and becomes a
 * train of tunnel packets, which the kernel cuts where the device does not.
 */
final class OffloadEncapsulation {
    /** Bytes that come in between the Ethernet and the IP header. */
    static final int ADDED = OffloadTunnel.LENGTH - OffloadTunnel.ETHERNET;

    private static final int LONGEST = 65535 - ADDED;
    private static final int IPV4_HEADER = 20;
    private static final int TRAFFIC_CLASS = 15;
    private static final int ECN = 3;

    private OffloadEncapsulation() {}

    /** With the entry at register 0 and the IP length in 9: the tunnel packet's length must fit its field. */
    static void checkLength(BpfInstructions code, SegmentCode segment, String otherwise) {
        final String fits = "fits " + segment.name();
        code.load2(R1, R0, OffloadEntry.FLAGS)
                .and4(R1, OffloadEntry.TUNNELLED)
                .jumpIfEqual(R1, 0, fits)
                .number(R1, LONGEST)
                .jumpIfGreater(R9, R1, otherwise)
                .label(fits);
    }

    /**
     * Puts the header in front of the packet, when the entry at register 9 says so. Registers 0 to 5 and 7 are lost, and whatever
     * points into the packet.
     */
    static void emit(BpfTable table, BpfInstructions code, SegmentCode segment) {
        final String done = "tunnelled " + segment.name();
        final String lost = "lost " + segment.name();
        final String refused = "refused " + segment.name();
        code.load2(R0, R9, OffloadEntry.FLAGS).and4(R0, OffloadEntry.TUNNELLED).jumpIfEqual(R0, 0, done);
        atLeast(code, R7, OffloadTunnel.ETHERNET + IPV4_HEADER, lost);
        innerFields(code, segment.isIpv6());
        code.move(R1, R6)
                .number(R2, ADDED)
                .number(R3, BpfProgram.BEHIND_ETHERNET)
                .wideNumber(R4, BpfProgram.SAME_SEGMENTS | BpfProgram.ETHERNET_IN_UDP_OVER_IPV4)
                .call(BpfProgram.ADJUST_ROOM)
                .jumpUnlessEqual(R0, 0, refused);
        atLeast(code, R1, OffloadTunnel.LENGTH, lost);
        for (int offset = 0; offset < OffloadTunnel.LENGTH; offset += Long.BYTES) {
            code.load8(R0, R9, OffloadEntry.TUNNEL + offset).store8(R1, offset, R0);
        }
        outerFields(code);
        code.jump(done);
        // The kernel takes no second tunnel header, as for what a pod forwards that came by one. This packet is lost,
        // the next ones
        // go by weir.
        code.label(refused);
        new SegmentCode(table, code, segment.isIpv6(), 0, lost).close(R9);
        code.label(lost).number(R0, BpfProgram.INGRESS_DROP).exit().label(done);
    }

    private static void atLeast(BpfInstructions code, int packet, int length, String otherwise) {
        code.load4(packet, R6, BpfProgram.PACKET_DATA)
                .load4(R2, R6, BpfProgram.PACKET_DATA_END)
                .move(R0, packet)
                .plus(R0, length)
                .jumpIfGreater(R0, R2, otherwise);
    }

    /** Leaves in register 7 what the outer header takes of the inner one: ECN below 16 bits of identification (RFC 6040, RFC 6864). */
    private static void innerFields(BpfInstructions code, boolean isIpv6) {
        code.load1(R0, R7, TRAFFIC_CLASS);
        if (isIpv6) {
            code.shiftRight(R0, 4).and4(R0, ECN).move(R7, R0);
        } else {
            code.and4(R0, ECN)
                    .load2(R7, R7, OffloadTunnel.IDENTIFICATION)
                    .shiftLeft(R7, 8)
                    .plusRegister(R7, R0);
        }
    }

    /** With the packet in register 1 and the inner fields in 7. */
    private static void outerFields(BpfInstructions code) {
        // register 3 is the sum of the words, in the machine's byte order
        code.load4(R0, R6, BpfProgram.PACKET_LENGTH)
                .plus(R0, -OffloadTunnel.ETHERNET - IPV4_HEADER)
                .bigEndian2(R0)
                .store2(R1, OffloadTunnel.UDP_LENGTH, R0)
                .load4(R3, R6, BpfProgram.PACKET_LENGTH)
                .plus(R3, -OffloadTunnel.ETHERNET)
                .bigEndian2(R3)
                .store2(R1, OffloadTunnel.TOTAL_LENGTH, R3);
        code.move(R0, R7)
                .shiftRight(R0, 8)
                .load2(R2, R1, OffloadTunnel.IDENTIFICATION)
                .exclusiveOr(R0, R2)
                .store2(R1, OffloadTunnel.IDENTIFICATION, R0)
                .plusRegister(R3, R0);
        code.and4(R7, ECN)
                .load1(R2, R1, TRAFFIC_CLASS)
                .plusRegister(R2, R7)
                .store1(R1, TRAFFIC_CLASS, R2)
                .shiftLeft(R7, 8)
                .plusRegister(R3, R7)
                .load2(R0, R1, OffloadTunnel.CHECKSUM)
                .plusRegister(R3, R0);
        fold(code, R3, R0);
        code.exclusiveOrNumber(R3, 0xFFFF).store2(R1, OffloadTunnel.CHECKSUM, R3);
    }

    /** Makes 16 bits of a sum of some words. */
    static void fold(BpfInstructions code, int sum, int other) {
        for (int i = 0; i < 2; i++) {
            code.move(other, sum).shiftRight(other, 16).and4(sum, 0xFFFF).plusRegister(sum, other);
        }
    }

    /** Takes the header off, which leaves the outer Ethernet header; registers 0 to 5 are lost, and whatever points into the packet. */
    static void remove(BpfInstructions code, boolean isIpv6, String otherwise) {
        code.move(R1, R6)
                .number(R2, -ADDED)
                .number(R3, BpfProgram.BEHIND_ETHERNET)
                .wideNumber(R4, BpfProgram.SAME_SEGMENTS | (isIpv6 ? BpfProgram.LEAVES_IPV6 : BpfProgram.LEAVES_IPV4))
                .call(BpfProgram.ADJUST_ROOM)
                .jumpUnlessEqual(R0, 0, otherwise);
    }
}
