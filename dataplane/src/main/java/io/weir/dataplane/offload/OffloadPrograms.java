package io.weir.dataplane.offload;

import static io.weir.dataplane.linux.BpfInstructions.R0;
import static io.weir.dataplane.linux.BpfInstructions.R1;
import static io.weir.dataplane.linux.BpfInstructions.R10;
import static io.weir.dataplane.linux.BpfInstructions.R2;
import static io.weir.dataplane.linux.BpfInstructions.R3;
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
 * directions and, as all else, goes to weir. Where the entry says so, addresses and ports become others, {@link OffloadTranslation},
 * and the packet gets a tunnel's header, {@link OffloadEncapsulation}.
 */
final class OffloadPrograms {
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
        atLeast(SegmentCode.ETHERNET);
        addresses(pod, gateway);
        code.number(R0, hostEnd)
                .store4(R10, SegmentCode.KEY + OffloadEntry.INTERFACE, R0)
                .load2(R0, R7, SegmentCode.ETHERTYPE)
                .jumpIfEqual(R0, SegmentCode.IPV6_ETHERTYPE, "IPv6")
                .jumpUnlessEqual(R0, SegmentCode.IPV4_ETHERTYPE, TO_WEIR);
        carry(false);
        code.label("IPv6");
        carry(true);
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

    /** One IP version. */
    private void carry(boolean isIpv6) {
        final SegmentCode segment = new SegmentCode(table, code, isIpv6, 0, TO_WEIR);
        final String closing = "closing " + segment.name();
        final String ready = "ready " + segment.name();
        atLeast(segment.end());
        segment.checkIp();
        segment.checkTcp();
        segment.key();
        segment.ifBeginsOrEnds(closing);
        segment.find();
        segment.measure();
        OffloadEncapsulation.checkLength(code, segment, TO_WEIR);
        code.load4(R8, R0, OffloadEntry.EGRESS).jumpIfEqual(R8, 0, TO_WEIR);
        segment.count();
        segment.rewrite();
        OffloadTranslation.emit(code, isIpv6, R6, R7, R9, ready);
        code.label(ready);
        OffloadEncapsulation.emit(table, code, segment);
        code.move(R1, R8).number(R2, 0).call(BpfProgram.REDIRECT_PEER).exit().label(closing);
        segment.find();
        segment.close(R0);
    }
}
