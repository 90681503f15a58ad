package io.weir.dataplane.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import java.nio.ByteBuffer;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;

class UnfinishedChecksumPropertyTest {
    private static final int ROOM = 8192;
    private static final long MEMORY = OffHeap.allocate(ROOM);
    private static final int ETHERNET = 14;

    @AfterContainer
    static void free() {
        OffHeap.free(MEMORY);
    }

    @Property(tries = 250)
    void theSumOfThePseudoHeaderIsUnfinished(
            @ForAll boolean ipv6, @ForAll boolean tcp, @ForAll @IntRange(max = 1400) int payload, @ForAll long seed) {
        final byte[] frame = frame(ipv6, tcp, payload, seed);
        assertThat(notes(frame)).isEqualTo(Burst.CHECKSUM_PARTIAL);
        assertThat(read(frame.length)).isEqualTo(frame);
    }

    @Property(tries = 250)
    void aFinishedOneIsLeftAlone(
            @ForAll boolean ipv6, @ForAll boolean tcp, @ForAll @IntRange(max = 1400) int payload, @ForAll long seed) {
        final byte[] frame = frame(ipv6, tcp, payload, seed);
        final int partial = field(frame, ipv6, tcp);
        finish(frame, ipv6, tcp);
        final boolean looksUnfinished = field(frame, ipv6, tcp) == partial;
        assertThat(notes(frame)).isEqualTo(looksUnfinished ? Burst.CHECKSUM_PARTIAL : 0);
    }

    /** By chance, a right checksum can be the pseudo header's sum: then finishing it again gives the same. */
    @Property(tries = 200)
    void finishingWhatOnlyLooksUnfinishedChangesNothing(
            @ForAll boolean ipv6, @ForAll @IntRange(min = 2, max = 700) int words, @ForAll long seed) {
        final byte[] frame = frame(ipv6, true, 2 * words, seed);
        final int start = start(ipv6);
        // the last word makes the sum of all behind the pseudo header zero, in one's complement
        final ByteBuffer bytes = ByteBuffer.wrap(frame);
        bytes.putShort(frame.length - 2, (short) 0);
        final int partial = field(frame, ipv6, true);
        int rest = sum(frame, start, frame.length - start); // the field is part of it, twice what is wanted of it
        rest = fold(rest + partial);
        bytes.putShort(frame.length - 2, (short) ~rest);
        final byte[] finished = frame.clone();
        finish(finished, ipv6, true);
        assertThat(finished).isEqualTo(frame);
    }

    @Property(tries = 150)
    void insideOfVxlanItIsFinishedOnTheSpot(
            @ForAll boolean ipv6,
            @ForAll boolean tcp,
            @ForAll boolean flannel,
            @ForAll @IntRange(max = 1300) int payload,
            @ForAll long seed) {
        final byte[] inner = frame(ipv6, tcp, payload, seed);
        final byte[] outer = frame(false, false, 8 + inner.length, seed + 1);
        final ByteBuffer bytes = ByteBuffer.wrap(outer);
        final int udp = start(false);
        bytes.putShort(udp + 2, (short) (flannel ? 8472 : 4789));
        bytes.putShort(udp + 6, (short) 0);
        bytes.putInt(udp + 8, 0x0800_0000);
        System.arraycopy(inner, 0, outer, udp + 16, inner.length);
        assertThat(notes(outer)).isZero();
        finish(inner, ipv6, tcp);
        final byte[] now = new byte[inner.length];
        System.arraycopy(read(outer.length), udp + 16, now, 0, now.length);
        assertThat(now).isEqualTo(inner);
    }

    /** Whatever the bytes are, none outside of the frame is read. */
    @Property(tries = 250)
    void anyBytesAreLookedAtWithoutHarm(
            @ForAll @Size(max = 120) byte[] bytes, @ForAll boolean likeIp, @ForAll boolean ipv6) {
        if (likeIp && bytes.length > 16) {
            final ByteBuffer frame = ByteBuffer.wrap(bytes);
            frame.putShort(12, (short) (ipv6 ? 0x86DD : 0x0800));
            frame.put(14, (byte) (ipv6 ? 0x60 : 0x45));
        }
        final long frame = MEMORY + ROOM - bytes.length;
        OffHeap.copy(bytes, 0, frame, bytes.length);
        assertThat(UnfinishedChecksum.notes(frame, bytes.length)).isIn(0, Burst.CHECKSUM_PARTIAL);
    }

    private static int notes(byte[] frame) {
        OffHeap.copy(frame, 0, MEMORY, frame.length);
        return UnfinishedChecksum.notes(MEMORY, frame.length);
    }

    private static byte[] read(int length) {
        final byte[] bytes = new byte[length];
        OffHeap.copy(MEMORY, bytes, 0, length);
        return bytes;
    }

    private static int start(boolean ipv6) {
        return ETHERNET + (ipv6 ? 40 : 20);
    }

    private static int fieldOffset(boolean ipv6, boolean tcp) {
        return start(ipv6) + (tcp ? 16 : 6);
    }

    private static int field(byte[] frame, boolean ipv6, boolean tcp) {
        return ByteBuffer.wrap(frame).getShort(fieldOffset(ipv6, tcp)) & 0xFFFF;
    }

    /** With an unfinished checksum, as Linux leaves it. */
    private static byte[] frame(boolean ipv6, boolean tcp, int payload, long seed) {
        final int start = start(ipv6);
        final int length = (tcp ? 20 : 8) + payload;
        final byte[] frame = new byte[start + length];
        new Random(seed).nextBytes(frame);
        final ByteBuffer bytes = ByteBuffer.wrap(frame);
        bytes.putShort(12, (short) (ipv6 ? 0x86DD : 0x0800));
        final int protocol = tcp ? 6 : 17;
        final int addresses;
        if (ipv6) {
            bytes.put(ETHERNET, (byte) 0x60);
            bytes.putShort(ETHERNET + 4, (short) length);
            bytes.put(ETHERNET + 6, (byte) protocol);
            addresses = sum(frame, ETHERNET + 8, 32);
        } else {
            bytes.put(ETHERNET, (byte) 0x45);
            bytes.putShort(ETHERNET + 2, (short) (20 + length));
            bytes.putShort(ETHERNET + 6, (short) 0x4000);
            bytes.put(ETHERNET + 9, (byte) protocol);
            addresses = sum(frame, ETHERNET + 12, 8);
        }
        bytes.putShort(fieldOffset(ipv6, tcp), (short) fold(addresses + protocol + length));
        return frame;
    }

    /** As a device does: the complement of the sum of all, the field included. */
    private static void finish(byte[] frame, boolean ipv6, boolean tcp) {
        final int start = start(ipv6);
        final int checksum = ~sum(frame, start, frame.length - start) & 0xFFFF;
        ByteBuffer.wrap(frame).putShort(fieldOffset(ipv6, tcp), (short) (checksum == 0 ? 0xFFFF : checksum));
    }

    private static int sum(byte[] bytes, int offset, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum = fold(sum + ((bytes[offset + i] & 0xFF) << (i % 2 == 0 ? 8 : 0)));
        }
        return sum;
    }

    private static int fold(int sum) {
        final int once = (sum & 0xFFFF) + (sum >>> 16);
        return (once & 0xFFFF) + (once >>> 16);
    }
}
