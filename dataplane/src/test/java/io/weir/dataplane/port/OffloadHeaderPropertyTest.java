package io.weir.dataplane.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;

class OffloadHeaderPropertyTest {
    private static final int ROOM = 4096;
    private static final long MEMORY = OffHeap.allocate(ROOM);
    private static final long HEADER = MEMORY + 64;
    private static final long FRAME = HEADER + OffloadHeader.LENGTH;

    @AfterContainer
    static void free() {
        OffHeap.free(MEMORY);
    }

    /** What is written for a packet's notes is read back as the same notes, for every protocol that has them. */
    @Property
    void notesSurviveTheHeader(
            @ForAll boolean ipv6,
            @ForAll boolean tcp,
            @ForAll boolean tagged,
            @ForAll @IntRange(max = 3) int extensions,
            @ForAll @IntRange(min = 1, max = 1400) int segmentSize,
            @ForAll boolean big,
            @ForAll @IntRange(min = 60, max = 1400) int payload) {
        int length = build(ipv6, tcp, tagged, extensions, payload, new Random(payload));
        int notes = Burst.CHECKSUM_PARTIAL | (big ? segmentSize : 0);
        assertThat(OffloadHeader.write(HEADER, FRAME, length, notes)).isTrue();
        assertThat(OffloadHeader.notes(HEADER, FRAME, length)).isEqualTo(notes);
    }

    /** A frame without open offloads has an empty header. */
    @Property
    void ordinaryFramesHaveAnEmptyHeader(@ForAll @Size(min = 60, max = 100) byte[] bytes) {
        OffHeap.copy(bytes, 0, FRAME, bytes.length);
        assertThat(OffloadHeader.write(HEADER, FRAME, bytes.length, 0)).isTrue();
        assertThat(OffHeap.getLong(HEADER)).isZero();
        assertThat(OffloadHeader.notes(HEADER, FRAME, bytes.length)).isZero();
        assertThat(OffloadHeader.write(HEADER, FRAME, bytes.length, Burst.CHECKSUM_VERIFIED))
                .isTrue();
        assertThat(OffloadHeader.notes(HEADER, FRAME, bytes.length)).isEqualTo(Burst.CHECKSUM_VERIFIED);
    }

    /** Whatever header and frame say, nothing outside of the frame is read and the answer is notes or unusable. */
    @Property
    void anyBytesAreReadWithoutHarm(
            @ForAll @Size(10) byte[] header, @ForAll @Size(max = 120) byte[] bytes, @ForAll boolean likeIp) {
        long end = MEMORY + ROOM;
        long frame = end - bytes.length;
        OffHeap.copy(header, 0, frame - OffloadHeader.LENGTH, header.length);
        if (likeIp && bytes.length > 14) {
            bytes[12] = (byte) (bytes[0] < 0 ? 0x08 : 0x86);
            bytes[13] = (byte) (bytes[0] < 0 ? 0x00 : 0xDD);
        }
        OffHeap.copy(bytes, 0, frame, bytes.length);
        int notes = OffloadHeader.notes(frame - OffloadHeader.LENGTH, frame, bytes.length);
        assertThat(notes == OffloadHeader.UNUSABLE || notes >>> 18 == 0).isTrue();
        OffloadHeader.write(frame - OffloadHeader.LENGTH, frame, bytes.length, Burst.CHECKSUM_PARTIAL | 100);
    }

    /**
     * A partial checksum inside of a tunnel is completed as a device would: the complement of the sum takes the place of
     * the pseudo header's sum, so both together cancel out all that is covered.
     */
    @Property
    void innerPartialChecksumsAreCompleted(
            @ForAll @IntRange(min = 60, max = 1400) int payload, @ForAll @IntRange(max = 40) int depth) {
        int length = build(false, false, false, 0, payload, new Random(payload));
        int start = 14 + 20 + 8 + depth;
        OffHeap.zero(HEADER, OffloadHeader.LENGTH);
        OffHeap.putByte(HEADER, (byte) 1);
        OffHeap.putShort(HEADER + 6, (short) start);
        OffHeap.putShort(HEADER + 8, (short) 6);
        long pseudoHeader = OffHeap.getShortBigEndian(FRAME + start + 6);
        assertThat(OffloadHeader.notes(HEADER, FRAME, length)).isZero();
        long sum = pseudoHeader;
        for (int at = start; at < length; at++) {
            sum += (OffHeap.getByte(FRAME + at) & 0xFFL) << (((at - start) & 1) == 0 ? 8 : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        assertThat(sum).isEqualTo(0xFFFF);
        assertThat(OffHeap.getShortBigEndian(FRAME + start + 6)).isNotZero();
    }

    /** As Linux sends a big TCP packet through its VXLAN device; only big ones of TCP inside of UDP are taken for that. */
    @Property
    void bigTcpPacketsInTunnelsAreKnown(
            @ForAll boolean ipv6,
            @ForAll boolean outerTcp,
            @ForAll @IntRange(max = 1400) int segmentSize,
            @ForAll @IntRange(max = 200) int start,
            @ForAll @IntRange(min = 60, max = 400) int payload) {
        int length = build(ipv6, outerTcp, false, 0, payload, new Random(payload));
        int transport = ipv6 ? 54 : 34;
        OffHeap.zero(HEADER, OffloadHeader.LENGTH);
        OffHeap.putByte(HEADER, (byte) 1);
        OffHeap.putByte(HEADER + 1, (byte) 1);
        OffHeap.putShort(HEADER + 4, (short) segmentSize);
        OffHeap.putShort(HEADER + 6, (short) start);
        OffHeap.putShort(HEADER + 8, (short) 16);
        boolean inside = !outerTcp && segmentSize != 0 && start > transport + 8 && start + 18 <= length;
        assertThat(OffloadHeader.tunnelNotes(HEADER, FRAME, length))
                .isEqualTo(inside ? Burst.TUNNELLED | Burst.CHECKSUM_PARTIAL | segmentSize : OffloadHeader.UNUSABLE);
    }

    /** A frame with random payload; returns its length. */
    private static int build(boolean ipv6, boolean tcp, boolean tagged, int extensions, int payload, Random random) {
        for (int i = 0; i < 2000; i++) {
            OffHeap.putByte(FRAME + i, (byte) random.nextInt());
        }
        int at = 12;
        if (tagged) {
            OffHeap.putIntBigEndian(FRAME + at, 0x8100_0007);
            at += 4;
        }
        OffHeap.putShortBigEndian(FRAME + at, ipv6 ? 0x86DD : 0x0800);
        at += 2;
        int protocol = tcp ? 6 : 17;
        if (ipv6) {
            OffHeap.putByte(FRAME + at, (byte) 0x60);
            OffHeap.putByte(FRAME + at + 6, (byte) (extensions == 0 ? protocol : 60));
            at += 40;
            for (int i = 1; i <= extensions; i++) {
                OffHeap.putByte(FRAME + at, (byte) (i == extensions ? protocol : 60));
                OffHeap.putByte(FRAME + at + 1, (byte) i);
                at += 8 + 8 * i;
            }
        } else {
            OffHeap.putByte(FRAME + at, (byte) (0x45 + extensions));
            OffHeap.putByte(FRAME + at + 9, (byte) protocol);
            at += 20 + 4 * extensions;
        }
        if (tcp) {
            OffHeap.putByte(FRAME + at + 12, (byte) 0x50);
        }
        return at + (tcp ? 20 : 8) + payload;
    }
}
