package io.weir.dataplane.offload;

import static io.weir.dataplane.linux.BpfInstructions.R0;
import static io.weir.dataplane.linux.BpfInstructions.R1;
import static io.weir.dataplane.linux.BpfInstructions.R2;
import static io.weir.dataplane.linux.BpfInstructions.R3;
import static io.weir.dataplane.linux.BpfInstructions.R4;
import static io.weir.dataplane.linux.BpfInstructions.R5;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.IpAddress;

/**
 * New addresses and ports for the packets of an entry, and what that does to their checksums, by difference (RFC 1624).
 *
 * <pre>
 *    0  source (16) | destination (16), as in a packet; IPv4 as ::ffff:a.b.c.d
 *   32  source port (2) | destination port (2), as in a packet
 *   36  what the addresses add to a sum (4) | what the ports add (4), in the machine's byte order
 * </pre>
 *
 * <p>The kernel's helpers write the checksums, because they know what a program does not: whether the TCP checksum is there at all.
 * A pod leaves it open for its segments, big ones above all; then the field has the sum of the addresses alone.
 */
final class OffloadTranslation {
    private static final int SOURCE = 0;
    private static final int DESTINATION = 16;
    private static final int PORTS = 32;
    private static final int ADDRESSES_SUM = 36;
    private static final int PORTS_SUM = 40;

    /** Of an address of 16 bytes, where IPv4's four begin. */
    private static final int IPV4 = 12;

    private static final int ETHERNET = 14;
    private static final int TCP_CHECKSUM = 16;
    private static final int IPV4_CHECKSUM = 10;

    private OffloadTranslation() {}

    /** Writes what makes packets of the flow such that the answers are answers to them. */
    static void write(long at, OffloadedFlow flow) {
        final OffloadKey before = flow.key();
        final OffloadKey answers = flow.answers();
        final byte[] bytes = new byte[ADDRESSES_SUM];
        OffloadEntry.address(answers.destination(), bytes, SOURCE);
        OffloadEntry.address(answers.source(), bytes, DESTINATION);
        OffHeap.copy(bytes, 0, at, PORTS);
        OffHeap.putShortBigEndian(at + PORTS, answers.destinationPort());
        OffHeap.putShortBigEndian(at + PORTS + 2, answers.sourcePort());
        OffHeap.putInt(
                at + ADDRESSES_SUM,
                inMemory(
                        delta(before.source(), answers.destination()) + delta(before.destination(), answers.source())));
        OffHeap.putInt(
                at + PORTS_SUM,
                inMemory(InternetChecksum.delta16(before.sourcePort(), answers.destinationPort())
                        + InternetChecksum.delta16(before.destinationPort(), answers.sourcePort())));
    }

    private static long delta(IpAddress before, IpAddress after) {
        return InternetChecksum.delta64(before.high(), after.high())
                + InternetChecksum.delta64(before.low(), after.low());
    }

    /** A sum of words as on a wire, as a sum of the same words in the byte order of the programs' machines, little endian. */
    private static int inMemory(long sum) {
        return Short.reverseBytes((short) InternetChecksum.fold(sum)) & 0xFFFF;
    }

    /**
     * Writes down the instructions for a packet that is otherwise ready to go. Registers 0 to 5 are lost, and whatever points into the
     * packet.
     *
     * @param context register with the program's argument, which calls leave alone
     * @param packet  register with where the packet starts; it must be known to reach to the end of the TCP header
     * @param entry   register with where the entry is, which calls leave alone
     * @param done    label of what comes next, also of a packet that is not translated
     */
    static void emit(BpfInstructions code, boolean isIpv6, int context, int packet, int entry, String done) {
        final int tcp = ETHERNET + (isIpv6 ? 40 : 20);
        final int translation = OffloadEntry.TRANSLATION;
        code.load2(R0, entry, OffloadEntry.FLAGS)
                .and4(R0, OffloadEntry.TRANSLATED)
                .jumpIfEqual(R0, 0, done);
        if (isIpv6) {
            for (int offset = 0; offset < 32; offset += Integer.BYTES) {
                copy(code, entry, translation + SOURCE + offset, packet, ETHERNET + 8 + offset);
            }
        } else {
            copy(code, entry, translation + SOURCE + IPV4, packet, ETHERNET + 12);
            copy(code, entry, translation + DESTINATION + IPV4, packet, ETHERNET + 16);
        }
        copy(code, entry, translation + PORTS, packet, tcp);
        if (!isIpv6) {
            replace(code, context, ETHERNET + IPV4_CHECKSUM, entry, translation + ADDRESSES_SUM, 0)
                    .call(BpfProgram.REPLACE_IP_CHECKSUM);
        }
        replace(
                        code,
                        context,
                        tcp + TCP_CHECKSUM,
                        entry,
                        translation + ADDRESSES_SUM,
                        BpfProgram.REPLACE_IN_PSEUDO_HEADER)
                .call(BpfProgram.REPLACE_TRANSPORT_CHECKSUM);
        replace(code, context, tcp + TCP_CHECKSUM, entry, translation + PORTS_SUM, 0)
                .call(BpfProgram.REPLACE_TRANSPORT_CHECKSUM);
    }

    private static void copy(BpfInstructions code, int from, int fromOffset, int to, int toOffset) {
        code.load4(R0, from, fromOffset).store4(to, toOffset, R0);
    }

    /** The arguments of a call that adds a sum to what a checksum covers. */
    private static BpfInstructions replace(
            BpfInstructions code, int context, int checksum, int entry, int sum, int flags) {
        return code.move(R1, context)
                .number(R2, checksum)
                .number(R3, 0)
                .load4(R4, entry, sum)
                .number(R5, flags);
    }
}
