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
import static io.weir.dataplane.linux.BpfInstructions.R8;
import static io.weir.dataplane.linux.BpfInstructions.R9;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.BpfTable;
import io.weir.dataplane.wire.MacAddress;

/**
 * The two programs of a pod's device. What the pod sends goes to the pod that an entry names, or else to the TAP where weir reads;
 * what weir writes to the TAP goes to the pod.
 *
 * <p>A packet goes by an entry when it is one that weir would do nothing else with: from the pod's to the gateway's Ethernet address,
 * untagged, IPv4 without options and unfragmented or IPv6 without extension headers, of the length that its header says, with a
 * hop to live, TCP without SYN, FIN and RST, every segment within the MTU. One of the three closes the entries of both
 * directions and, as all else, goes to weir. Where the entry says so, addresses and ports become others: {@link OffloadTranslation}.
 */
final class OffloadPrograms {
    private static final int ETHERNET = 14;
    private static final int ETHERTYPE = 12;
    private static final int IPV4_ETHERTYPE = 0x0008;
    private static final int IPV6_ETHERTYPE = 0xDD86;
    private static final int TCP = 6;
    private static final int TCP_HEADER = 20;
    private static final int FIN_SYN_RST = 7;

    // On the stack, downwards from register 10.
    private static final int KEY = -OffloadEntry.KEY_LENGTH;
    private static final int SLOT = KEY - 4;
    private static final int HEADERS = KEY - 8;

    private static final String TO_WEIR = "to weir";

    private final BpfTable table;
    private final BpfInstructions code = new BpfInstructions();

    private OffloadPrograms(BpfTable table) {
        this.table = table;
    }

    /** For the switch's end of the veth. */
    static BpfInstructions fromPod(BpfTable table, int hostEnd, int tap, MacAddress pod, MacAddress gateway) {
        return new OffloadPrograms(table).fromPod(hostEnd, tap, pod, gateway);
    }

    /** For the TAP. */
    static BpfInstructions toPod(int hostEnd) {
        return new BpfInstructions()
                .number(R1, hostEnd)
                .number(R2, 0)
                .call(BpfProgram.REDIRECT_PEER)
                .exit();
    }

    private BpfInstructions fromPod(int hostEnd, int tap, MacAddress pod, MacAddress gateway) {
        // R6: the context, R7: the packet, R8: its end
        code.move(R6, R1)
                .load4(R7, R6, BpfProgram.PACKET_DATA)
                .load4(R8, R6, BpfProgram.PACKET_DATA_END)
                .load4(R0, R6, BpfProgram.PACKET_HAS_VLAN)
                .jumpUnlessEqual(R0, 0, TO_WEIR);
        atLeast(ETHERNET);
        addresses(pod, gateway);
        code.number(R0, hostEnd)
                .store4(R10, KEY + OffloadEntry.INTERFACE, R0)
                .load2(R0, R7, ETHERTYPE)
                .jumpIfEqual(R0, IPV6_ETHERTYPE, "IPv6")
                .jumpUnlessEqual(R0, IPV4_ETHERTYPE, TO_WEIR);
        new Family(false).carry();
        code.label("IPv6");
        new Family(true).carry();
        return code.label(TO_WEIR)
                .number(R1, tap)
                .number(R2, 0)
                .call(BpfProgram.REDIRECT)
                .exit();
    }

    private void atLeast(int length) {
        code.move(R0, R7).plus(R0, length).jumpIfGreater(R0, R8, TO_WEIR);
    }

    private void addresses(MacAddress source, MacAddress destination) {
        final long first = Long.reverseBytes(destination.bits() << 16 | source.bits() >>> 32);
        code.wideNumber(R1, first)
                .load4(R0, R7, 0)
                .load4(R2, R7, 4)
                .wideNumber(R3, 0x1_0000_0000L)
                .times(R2, R3)
                .plusRegister(R0, R2)
                .jumpUnlessSame(R0, R1, TO_WEIR)
                .load4(R0, R7, 8)
                .jumpUnlessEqual4(R0, Integer.reverseBytes((int) source.bits()), TO_WEIR);
    }

    /** The entry at register 0 must be the key's: the kernel may have given its place to another one meanwhile. */
    private void isOfKey() {
        for (int offset = 0; offset < OffloadEntry.KEY_LENGTH; offset += Long.BYTES) {
            code.load8(R1, R0, offset).load8(R2, R10, KEY + offset).jumpUnlessSame(R1, R2, TO_WEIR);
        }
    }

    /** One IP version: the same steps with other offsets. */
    private final class Family {
        private final boolean isIpv6;
        private final int ipHeader;
        private final int tcp;
        private final int source;
        private final int destination;
        private final String closing;
        private final String ready;

        Family(boolean isIpv6) {
            this.isIpv6 = isIpv6;
            ipHeader = isIpv6 ? 40 : 20;
            tcp = ETHERNET + ipHeader;
            source = ETHERNET + (isIpv6 ? 8 : 12);
            destination = ETHERNET + (isIpv6 ? 24 : 16);
            closing = isIpv6 ? "closing by IPv6" : "closing by IPv4";
            ready = isIpv6 ? "ready by IPv6" : "ready by IPv4";
        }

        void carry() {
            atLeast(tcp + TCP_HEADER);
            checkIp();
            checkTcp();
            key();
            code.load1(R0, R7, tcp + 13).jumpIfAnyBit(R0, FIN_SYN_RST, closing);
            table.find(code, KEY, SLOT, TO_WEIR);
            isOfKey();
            measure();
            code.load4(R8, R0, OffloadEntry.EGRESS).jumpIfEqual(R8, 0, TO_WEIR);
            count();
            rewrite();
            OffloadTranslation.emit(code, isIpv6, R6, R7, R9, ready);
            code.label(ready)
                    .move(R1, R8)
                    .number(R2, 0)
                    .call(BpfProgram.REDIRECT_PEER)
                    .exit();
            close();
        }

        /** Leaves the packet's IP length in register 9. */
        private void checkIp() {
            code.load1(R0, R7, ETHERNET);
            if (isIpv6) {
                code.and4(R0, 0xF0)
                        .jumpUnlessEqual(R0, 0x60, TO_WEIR)
                        .load1(R0, R7, ETHERNET + 6)
                        .jumpUnlessEqual(R0, TCP, TO_WEIR)
                        .load1(R0, R7, ETHERNET + 7)
                        .jumpIfLess(R0, 2, TO_WEIR)
                        .load2(R9, R7, ETHERNET + 4)
                        .bigEndian2(R9)
                        .plus(R9, ipHeader);
            } else {
                // version and length; all of the fragment's word but "don't fragment"; protocol; time to live
                code.jumpUnlessEqual(R0, 0x45, TO_WEIR)
                        .load2(R0, R7, ETHERNET + 6)
                        .jumpIfAnyBit(R0, 0xFFBF, TO_WEIR)
                        .load1(R0, R7, ETHERNET + 9)
                        .jumpUnlessEqual(R0, TCP, TO_WEIR)
                        .load1(R0, R7, ETHERNET + 8)
                        .jumpIfLess(R0, 2, TO_WEIR)
                        .load2(R9, R7, ETHERNET + 2)
                        .bigEndian2(R9);
            }
            code.load4(R0, R6, BpfProgram.PACKET_LENGTH).plus(R0, -ETHERNET).jumpUnlessSame(R0, R9, TO_WEIR);
        }

        /** Leaves the bytes of both headers on the stack. */
        private void checkTcp() {
            code.load1(R0, R7, tcp + 12)
                    .and4(R0, 0xF0)
                    .shiftRight(R0, 2)
                    .jumpIfLess(R0, TCP_HEADER, TO_WEIR)
                    .plus(R0, ipHeader)
                    .jumpIfGreater(R0, R9, TO_WEIR)
                    .store4(R10, HEADERS, R0);
        }

        private void key() {
            address(source, KEY + OffloadEntry.SOURCE);
            address(destination, KEY + OffloadEntry.DESTINATION);
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

        /** Leaves the number of segments in register 5, the bytes of headers in 3, and checks the length. */
        private void measure() {
            final String single = isIpv6 ? "one by IPv6" : "one by IPv4";
            final String known = isIpv6 ? "measured by IPv6" : "measured by IPv4";
            code.load4(R3, R10, HEADERS)
                    .load4(R4, R6, BpfProgram.PACKET_SEGMENT_BYTES)
                    .jumpIfEqual(R4, 0, single)
                    .plusRegister(R4, R3)
                    .load4(R5, R6, BpfProgram.PACKET_SEGMENTS)
                    .jumpIfEqual(R5, 0, TO_WEIR)
                    .jump(known)
                    .label(single)
                    .move(R4, R9)
                    .number(R5, 1)
                    .label(known)
                    .load2(R1, R0, OffloadEntry.MTU)
                    .jumpIfGreater(R4, R1, TO_WEIR);
        }

        /** From now on the entry is at register 9. */
        private void count() {
            code.plusInMemory8(R0, OffloadEntry.PACKETS, R5)
                    .plus(R5, -1)
                    .times(R5, R3)
                    .plusRegister(R5, R9)
                    .plusInMemory8(R0, OffloadEntry.BYTES, R5)
                    .move(R9, R0)
                    .call(BpfProgram.TIME_NS)
                    .store8(R9, OffloadEntry.LAST_USED, R0);
        }

        private void rewrite() {
            for (int offset = 0; offset < 2 * MacAddress.LENGTH; offset += Integer.BYTES) {
                code.load4(R0, R9, OffloadEntry.MACS + offset).store4(R7, offset, R0);
            }
            final int timeToLive = ETHERNET + (isIpv6 ? 7 : 8);
            code.load1(R0, R7, timeToLive).plus(R0, -1).store1(R7, timeToLive, R0);
            if (!isIpv6) {
                // RFC 1624: the word with the time to live is 0x0100 less, so its complement is as much more; as it
                // lies in
                // memory, that is 1, and so is the carry.
                code.load2(R0, R7, ETHERNET + 10)
                        .plus(R0, 1)
                        .jumpIfLess(R0, 0xFFFF, "summed")
                        .plus(R0, 1)
                        .label("summed")
                        .store2(R7, ETHERNET + 10, R0);
            }
        }

        /** The connection ends, or another one begins: the entries of both directions are closed. */
        private void close() {
            code.label(closing);
            table.find(code, KEY, SLOT, TO_WEIR);
            isOfKey();
            code.load4(R1, R0, OffloadEntry.PARTNER)
                    .store4(R10, SLOT, R1)
                    .number(R1, 0)
                    .store4(R0, OffloadEntry.EGRESS, R1);
            table.at(code, SLOT, TO_WEIR);
            code.number(R1, 0).store4(R0, OffloadEntry.EGRESS, R1).jump(TO_WEIR);
        }
    }
}
