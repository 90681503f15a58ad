package io.weir.dataplane.offload;

import static io.weir.dataplane.linux.BpfInstructions.R0;
import static io.weir.dataplane.linux.BpfInstructions.R1;
import static io.weir.dataplane.linux.BpfInstructions.R10;
import static io.weir.dataplane.linux.BpfInstructions.R2;
import static io.weir.dataplane.linux.BpfInstructions.R3;
import static io.weir.dataplane.linux.BpfInstructions.R4;
import static io.weir.dataplane.linux.BpfInstructions.R6;
import static io.weir.dataplane.linux.BpfInstructions.R7;
import static io.weir.dataplane.linux.BpfInstructions.R8;
import static io.weir.dataplane.linux.BpfInstructions.R9;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfMap;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.BpfTable;
import io.weir.dataplane.wire.MacAddress;

/**
 * The programs of an uplink. The kernel shows a packet that arrives to weir's packet socket first and to the interface's program
 * right behind, on the same core, so one of the two has to decide: the socket's filter does, and keeps what it takes from weir; what
 * it has decided is on the core's own page for the other one, which carries it out.
 *
 * <p>A packet goes by an entry when it is one that weir would do nothing else with: to the uplink's Ethernet address, untagged, and a
 * segment as from a pod ({@link OffloadPrograms}); or by a tunnel, when the outer header is plain and whole, with an ECN field that
 * changes nothing (RFC 6040), and addresses, UDP port, VXLAN header and inner addresses are those of the entry, which
 * {@link OffloadTunnel} has. A UDP checksum is not verified (RFC 7348 section 4.1 leaves that open): what it covers is compared with the
 * entry, or has a checksum of its own, which the pod verifies.
 */
final class UplinkPrograms {
    /** Bytes of a core's page. */
    static final int PAGE = 16 + 128;

    // On the page: slot and 1, 0 when weir has the packet; where to; the packet's first bytes.
    private static final int TAKEN = 0;
    private static final int EGRESS = 4;
    private static final int PACKET = 16;

    private static final int INDEX = SegmentCode.STACK - 4;
    private static final int SEGMENT_IPV4 = 14 + 20 + 20;
    private static final int SEGMENT_IPV6 = 14 + 40 + 20;
    private static final int PROTOCOL = 23;
    private static final int UDP = 17;

    /** Of a packet as such, where the inner Ethernet header begins. */
    private static final int INNER = OffloadEncapsulation.ADDED;

    /** Where packets of a tunnel's network come in is no interface. */
    private static final int TUNNEL = 0x8000_0000;

    private static final String TO_WEIR = "to weir";
    private static final String NOT_OURS = "not ours";
    private static final String LOST = "lost";

    private final BpfTable table;
    private final BpfMap pages;
    private final BpfInstructions code = new BpfInstructions();

    private UplinkPrograms(BpfTable table, BpfMap pages) {
        this.table = table;
        this.pages = pages;
    }

    /**
     * For weir's packet socket.
     *
     * @param pages one of {@link #PAGE} bytes for each core
     * @param trunk the switch's end of the trunk, by which entries know the uplink
     * @param mac   that packets are for
     */
    static BpfInstructions filter(BpfTable table, BpfMap pages, int trunk, MacAddress mac) {
        return new UplinkPrograms(table, pages).filter(trunk, mac);
    }

    /**
     * For the interface.
     *
     * @param trunk the node's end of the trunk
     */
    static BpfInstructions fromUplink(BpfTable table, BpfMap pages, int trunk) {
        return new UplinkPrograms(table, pages).fromUplink(trunk);
    }

    /** For the node's end of the trunk: what a pod's program has sent there leaves by the uplink. */
    static BpfInstructions toUplink(int uplink) {
        return new BpfInstructions()
                .number(R1, uplink)
                .number(R2, 0)
                .call(BpfProgram.REDIRECT)
                .exit();
    }

    /** For the switch's end of the trunk: the packet goes to the pod whose interface is its mark. */
    static BpfInstructions toPod() {
        return new BpfInstructions()
                .load4(R2, R1, BpfProgram.PACKET_MARK)
                .number(R0, 0)
                .store4(R1, BpfProgram.PACKET_MARK, R0)
                .jumpIfEqual(R2, 0, LOST)
                .move(R1, R2)
                .number(R2, 0)
                .call(BpfProgram.REDIRECT_PEER)
                .exit()
                .label(LOST)
                .number(R0, BpfProgram.INGRESS_DROP)
                .exit();
    }

    /** What keys of packets by this tunnel have as their interface. */
    static int interfaceOf(OffloadTunnel tunnel) {
        return TUNNEL + Integer.reverseBytes(tunnel.vni() << 8);
    }

    // ---- the filter -------------------------------------------------------------------------------------------------

    private BpfInstructions filter(int trunk, MacAddress mac) {
        code.move(R6, R1);
        page(TO_WEIR);
        code.number(R0, 0)
                .store4(R8, TAKEN, R0)
                .load4(R0, R6, BpfProgram.PACKET_HAS_VLAN)
                .jumpUnlessEqual(R0, 0, TO_WEIR)
                .move(R7, R8)
                .plus(R7, PACKET);
        bytes(0, SEGMENT_IPV4);
        code.load4(R0, R7, 0)
                .jumpUnlessEqual4(R0, Integer.reverseBytes((int) (mac.bits() >>> 16)), TO_WEIR)
                .load2(R0, R7, 4)
                .jumpUnlessEqual(R0, Short.reverseBytes((short) mac.bits()) & 0xFFFF, TO_WEIR)
                .number(R0, trunk)
                .store4(R10, SegmentCode.KEY + OffloadEntry.INTERFACE, R0)
                .load2(R0, R7, SegmentCode.ETHERTYPE)
                .jumpIfEqual(R0, SegmentCode.IPV6_ETHERTYPE, "IPv6")
                .jumpUnlessEqual(R0, SegmentCode.IPV4_ETHERTYPE, TO_WEIR)
                .load1(R0, R7, PROTOCOL)
                .jumpIfEqual(R0, UDP, "tunnel");
        take(false, 0);
        code.label("IPv6");
        bytes(SEGMENT_IPV4, SEGMENT_IPV6 - SEGMENT_IPV4);
        take(true, 0);
        code.label("tunnel");
        bytes(SEGMENT_IPV4, INNER);
        checkOuter();
        checkInnerSource();
        code.load4(R0, R7, OffloadTunnel.VNI)
                .plus(R0, TUNNEL)
                .store4(R10, SegmentCode.KEY + OffloadEntry.INTERFACE, R0)
                .load2(R0, R7, INNER + SegmentCode.ETHERTYPE)
                .jumpIfEqual(R0, SegmentCode.IPV6_ETHERTYPE, "inner IPv6")
                .jumpUnlessEqual(R0, SegmentCode.IPV4_ETHERTYPE, TO_WEIR);
        take(false, INNER);
        code.label("inner IPv6");
        bytes(INNER + SEGMENT_IPV4, SEGMENT_IPV6 - SEGMENT_IPV4);
        take(true, INNER);
        return code.label(TO_WEIR).number(R0, -1).exit();
    }

    /** The core's page at register 8. */
    private void page(String otherwise) {
        code.number(R0, 0)
                .store4(R10, INDEX, R0)
                .map(R1, pages)
                .move(R2, R10)
                .plus(R2, INDEX)
                .call(BpfProgram.MAP_LOOKUP)
                .jumpIfEqual(R0, 0, otherwise)
                .move(R8, R0);
    }

    private void bytes(int offset, int length) {
        code.move(R1, R6)
                .number(R2, offset)
                .move(R3, R7)
                .plus(R3, offset)
                .number(R4, length)
                .call(BpfProgram.LOAD_BYTES)
                .jumpUnlessEqual(R0, 0, TO_WEIR);
    }

    private void take(boolean isIpv6, int frame) {
        final SegmentCode segment = new SegmentCode(table, code, isIpv6, frame, TO_WEIR);
        final String closing = "closing " + segment.name();
        segment.checkIp();
        segment.checkTcp();
        segment.key();
        segment.find();
        if (frame != 0) {
            checkTunnel();
        }
        segment.ifBeginsOrEnds(closing);
        segment.measure();
        code.load4(R1, R0, OffloadEntry.EGRESS)
                .jumpIfEqual(R1, 0, TO_WEIR)
                .store4(R8, EGRESS, R1)
                .load4(R1, R10, SegmentCode.SLOT)
                .plus(R1, 1)
                .store4(R8, TAKEN, R1);
        segment.count();
        code.number(R0, 0).exit().label(closing);
        segment.close(R0);
    }

    /** IPv4 without options, fragments or marks of congestion, with a valid checksum; both lengths those of the packet. */
    private void checkOuter() {
        code.load1(R0, R7, OffloadTunnel.ETHERNET)
                .jumpUnlessEqual(R0, 0x45, TO_WEIR)
                .load1(R0, R7, OffloadTunnel.ETHERNET + 1)
                .jumpIfAnyBit(R0, 1, TO_WEIR)
                .load2(R0, R7, OffloadTunnel.ETHERNET + 6)
                .jumpIfAnyBit(R0, 0xFFBF, TO_WEIR)
                .load4(R1, R6, BpfProgram.PACKET_LENGTH)
                .plus(R1, -OffloadTunnel.ETHERNET)
                .load2(R0, R7, OffloadTunnel.TOTAL_LENGTH)
                .bigEndian2(R0)
                .jumpUnlessSame(R0, R1, TO_WEIR)
                .plus(R1, -20)
                .load2(R0, R7, OffloadTunnel.UDP_LENGTH)
                .bigEndian2(R0)
                .jumpUnlessSame(R0, R1, TO_WEIR)
                .number(R2, 0);
        for (int word = 0; word < 20; word += Short.BYTES) {
            code.load2(R0, R7, OffloadTunnel.ETHERNET + word).plusRegister(R2, R0);
        }
        OffloadEncapsulation.fold(code, R2, R0);
        code.jumpUnlessEqual(R2, 0xFFFF, TO_WEIR);
    }

    /** One station, and not the one that the packet is for. */
    private void checkInnerSource() {
        final int macs = OffloadTunnel.INNER_MACS;
        code.load1(R0, R7, macs + MacAddress.LENGTH)
                .jumpIfAnyBit(R0, 1, TO_WEIR)
                .load4(R0, R7, macs)
                .load4(R1, R7, macs + MacAddress.LENGTH)
                .jumpUnlessSame(R0, R1, "another station")
                .load2(R0, R7, macs + 4)
                .load2(R1, R7, macs + MacAddress.LENGTH + 4)
                .jumpUnlessSame(R0, R1, "another station")
                .jump(TO_WEIR)
                .label("another station");
    }

    /** The header is what the entry at register 0 expects. */
    private void checkTunnel() {
        same8(OffloadTunnel.ADDRESSES);
        code.load2(R1, R7, OffloadTunnel.UDP_PORTS + 2)
                .load2(R2, R0, OffloadEntry.TUNNEL + OffloadTunnel.UDP_PORTS + 2)
                .jumpUnlessSame(R1, R2, TO_WEIR);
        same8(OffloadTunnel.VNI - 4);
        code.load4(R1, R7, OffloadTunnel.INNER_MACS)
                .load4(R2, R0, OffloadEntry.TUNNEL + OffloadTunnel.INNER_MACS)
                .jumpUnlessSame(R1, R2, TO_WEIR)
                .load2(R1, R7, OffloadTunnel.INNER_MACS + 4)
                .load2(R2, R0, OffloadEntry.TUNNEL + OffloadTunnel.INNER_MACS + 4)
                .jumpUnlessSame(R1, R2, TO_WEIR);
    }

    private void same8(int offset) {
        code.load8(R1, R7, offset).load8(R2, R0, OffloadEntry.TUNNEL + offset).jumpUnlessSame(R1, R2, TO_WEIR);
    }

    // ---- the interface ----------------------------------------------------------------------------------------------

    private BpfInstructions fromUplink(int trunk) {
        code.move(R6, R1);
        page(NOT_OURS);
        code.load4(R1, R8, TAKEN)
                .number(R0, 0)
                .store4(R8, TAKEN, R0)
                .jumpIfEqual(R1, 0, NOT_OURS)
                .plus(R1, -1)
                .store4(R10, SegmentCode.SLOT, R1);
        table.at(code, SegmentCode.SLOT, LOST);
        code.move(R9, R0).load2(R0, R9, OffloadEntry.FLAGS).jumpIfAnyBit(R0, OffloadEntry.IPV6, "IPv6");
        carry(false, trunk);
        code.label("IPv6");
        carry(true, trunk);
        return code.label(NOT_OURS)
                .number(R0, BpfProgram.INGRESS_NEXT)
                .exit()
                .label(LOST)
                .number(R0, BpfProgram.INGRESS_DROP)
                .exit();
    }

    private void carry(boolean isIpv6, int trunk) {
        final SegmentCode segment = new SegmentCode(table, code, isIpv6, 0, LOST);
        final String plain = "plain " + segment.name();
        final String ready = "ready " + segment.name();
        code.load2(R0, R9, OffloadEntry.FLAGS).and4(R0, OffloadEntry.TUNNELLED).jumpIfEqual(R0, 0, plain);
        OffloadEncapsulation.remove(code, isIpv6, LOST);
        code.label(plain)
                .load4(R7, R6, BpfProgram.PACKET_DATA)
                .load4(R1, R6, BpfProgram.PACKET_DATA_END)
                .move(R0, R7)
                .plus(R0, segment.end())
                .jumpIfGreater(R0, R1, LOST);
        segment.rewrite();
        code.number(R0, isIpv6 ? SegmentCode.IPV6_ETHERTYPE : SegmentCode.IPV4_ETHERTYPE)
                .store2(R7, SegmentCode.ETHERTYPE, R0);
        OffloadTranslation.emit(code, isIpv6, R6, R7, R9, ready);
        code.label(ready)
                .load4(R0, R8, EGRESS)
                .store4(R6, BpfProgram.PACKET_MARK, R0)
                .number(R1, trunk)
                .number(R2, 0)
                .call(BpfProgram.REDIRECT_PEER)
                .exit();
    }
}
