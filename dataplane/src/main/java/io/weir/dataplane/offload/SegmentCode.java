package io.weir.dataplane.offload;

import static io.weir.dataplane.linux.BpfInstructions.R0;
import static io.weir.dataplane.linux.BpfInstructions.R1;
import static io.weir.dataplane.linux.BpfInstructions.R10;
import static io.weir.dataplane.linux.BpfInstructions.R2;
import static io.weir.dataplane.linux.BpfInstructions.R3;
import static io.weir.dataplane.linux.BpfInstructions.R4;
import static io.weir.dataplane.linux.BpfInstructions.R5;
import static io.weir.dataplane.linux.BpfInstructions.R6;
import static io.weir.dataplane.linux.BpfInstructions.R7;
import static io.weir.dataplane.linux.BpfInstructions.R9;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.BpfTable;
import io.weir.dataplane.wire.MacAddress;

/**
 * The steps that programs take with a TCP segment of one IP version: is it plain, which entry is its, and what is counted and
 * changed. A step that a segment fails goes on at the label that it was made with.
 *
 * <p>Registers: 6 the context, 7 the packet, which reaches to {@link #end} at least, 9 the packet's IP length and later the entry. The
 * stack is free below {@link #STACK}.
 */
final class SegmentCode {
    static final int ETHERNET = 14;
    static final int ETHERTYPE = 12;
    static final int IPV4_ETHERTYPE = 0x0008;
    static final int IPV6_ETHERTYPE = 0xDD86;

    // On the stack, downwards from register 10.
    static final int KEY = -OffloadEntry.KEY_LENGTH;
    static final int SLOT = KEY - 4;
    static final int STACK = KEY - 8;

    private static final int HEADERS = KEY - 8;
    private static final int TCP = 6;
    private static final int TCP_HEADER = 20;
    private static final int FIN_SYN_RST = 7;

    private final BpfTable table;
    private final BpfInstructions code;
    private final boolean isIpv6;
    private final int frame;
    private final String otherwise;
    private final String name;
    private final int ipHeader;
    private final int ip;
    private final int tcp;

    /**
     * @param frame     where the segment's Ethernet header begins in the packet
     * @param otherwise label of what happens with all other packets
     */
    SegmentCode(BpfTable table, BpfInstructions code, boolean isIpv6, int frame, String otherwise) {
        this.table = table;
        this.code = code;
        this.isIpv6 = isIpv6;
        this.frame = frame;
        this.otherwise = otherwise;
        name = (isIpv6 ? "by IPv6 at " : "by IPv4 at ") + frame;
        ipHeader = isIpv6 ? 40 : 20;
        ip = frame + ETHERNET;
        tcp = ip + ipHeader;
    }

    /** Another label for each. */
    String name() {
        return name;
    }

    boolean isIpv6() {
        return isIpv6;
    }

    /** Bytes of a packet up to the end of the shortest TCP header. */
    int end() {
        return tcp + TCP_HEADER;
    }

    /** Leaves the packet's IP length in register 9. */
    void checkIp() {
        code.load1(R0, R7, ip);
        if (isIpv6) {
            code.and4(R0, 0xF0)
                    .jumpUnlessEqual(R0, 0x60, otherwise)
                    .load1(R0, R7, ip + 6)
                    .jumpUnlessEqual(R0, TCP, otherwise)
                    .load1(R0, R7, ip + 7)
                    .jumpIfLess(R0, 2, otherwise)
                    .load2(R9, R7, ip + 4)
                    .bigEndian2(R9)
                    .plus(R9, ipHeader);
        } else {
            // version and length; all of the fragment's word but "don't fragment"; protocol; time to live
            code.jumpUnlessEqual(R0, 0x45, otherwise)
                    .load2(R0, R7, ip + 6)
                    .jumpIfAnyBit(R0, 0xFFBF, otherwise)
                    .load1(R0, R7, ip + 9)
                    .jumpUnlessEqual(R0, TCP, otherwise)
                    .load1(R0, R7, ip + 8)
                    .jumpIfLess(R0, 2, otherwise)
                    .load2(R9, R7, ip + 2)
                    .bigEndian2(R9);
        }
        code.load4(R0, R6, BpfProgram.PACKET_LENGTH).plus(R0, -ip).jumpUnlessSame(R0, R9, otherwise);
    }

    /** Leaves the bytes of both headers on the stack. */
    void checkTcp() {
        code.load1(R0, R7, tcp + 12)
                .and4(R0, 0xF0)
                .shiftRight(R0, 2)
                .jumpIfLess(R0, TCP_HEADER, otherwise)
                .plus(R0, ipHeader)
                .jumpIfGreater(R0, R9, otherwise)
                .store4(R10, HEADERS, R0);
    }

    /** Makes the key on the stack, but for where the packet came in. */
    void key() {
        address(ip + (isIpv6 ? 8 : 12), KEY + OffloadEntry.SOURCE);
        address(ip + (isIpv6 ? 24 : 16), KEY + OffloadEntry.DESTINATION);
        code.load4(R0, R7, tcp).store4(R10, KEY + OffloadEntry.PORTS, R0);
    }

    private void address(int from, int to) {
        if (isIpv6) {
            for (int offset = 0; offset < 16; offset += Integer.BYTES) {
                code.load4(R0, R7, from + offset).store4(R10, to + offset, R0);
            }
        } else {
            code.number(R0, 0)
                    .store8(R10, to, R0)
                    .number(R0, 0xFFFF_0000)
                    .store4(R10, to + 8, R0)
                    .load4(R0, R7, from)
                    .store4(R10, to + 12, R0);
        }
    }

    /** Goes on at the label when the segment begins or ends a connection. Changes register 1 only. */
    void ifBeginsOrEnds(String label) {
        code.load1(R1, R7, tcp + 13).jumpIfAnyBit(R1, FIN_SYN_RST, label);
    }

    /** The entry of the key at register 0, its slot on the stack. */
    void find() {
        table.find(code, KEY, SLOT, otherwise);
        // the kernel may have given its place to another one meanwhile
        for (int offset = 0; offset < OffloadEntry.KEY_LENGTH; offset += Long.BYTES) {
            code.load8(R1, R0, offset).load8(R2, R10, KEY + offset).jumpUnlessSame(R1, R2, otherwise);
        }
    }

    /** Leaves the number of segments in register 5, the bytes of headers in 3, and checks the length. */
    void measure() {
        final String single = "one " + name;
        final String known = "measured " + name;
        code.load4(R3, R10, HEADERS)
                .load4(R4, R6, BpfProgram.PACKET_SEGMENT_BYTES)
                .jumpIfEqual(R4, 0, single)
                .plusRegister(R4, R3)
                .load4(R5, R6, BpfProgram.PACKET_SEGMENTS)
                .jumpIfEqual(R5, 0, otherwise)
                .jump(known)
                .label(single)
                .move(R4, R9)
                .number(R5, 1)
                .label(known)
                .load2(R1, R0, OffloadEntry.MTU)
                .jumpIfGreater(R4, R1, otherwise);
    }

    /** From now on the entry is at register 9. */
    void count() {
        code.plusInMemory8(R0, OffloadEntry.PACKETS, R5)
                .plus(R5, -1)
                .times(R5, R3)
                .plusRegister(R5, R9)
                .plusInMemory8(R0, OffloadEntry.BYTES, R5)
                .move(R9, R0)
                .call(BpfProgram.TIME_NS)
                .store8(R9, OffloadEntry.LAST_USED, R0);
    }

    /** New Ethernet addresses and one hop less. */
    void rewrite() {
        for (int offset = 0; offset < 2 * MacAddress.LENGTH; offset += Integer.BYTES) {
            code.load4(R0, R9, OffloadEntry.MACS + offset).store4(R7, frame + offset, R0);
        }
        final int timeToLive = ip + (isIpv6 ? 7 : 8);
        code.load1(R0, R7, timeToLive).plus(R0, -1).store1(R7, timeToLive, R0);
        if (!isIpv6) {
            // RFC 1624: the word with the time to live is 0x0100 less, so its complement is as much more; as it
            // lies in
            // memory, that is 1, and so is the carry.
            final String summed = "summed " + name;
            code.load2(R0, R7, ip + 10)
                    .plus(R0, 1)
                    .jumpIfLess(R0, 0xFFFF, summed)
                    .plus(R0, 1)
                    .label(summed)
                    .store2(R7, ip + 10, R0);
        }
    }

    /** The entry at this register is closed, and with it that of the other direction. */
    void close(int entry) {
        code.load4(R1, entry, OffloadEntry.PARTNER)
                .store4(R10, SLOT, R1)
                .number(R1, 0)
                .store4(entry, OffloadEntry.EGRESS, R1);
        table.at(code, SLOT, otherwise);
        code.number(R1, 0).store4(R0, OffloadEntry.EGRESS, R1).jump(otherwise);
    }
}
