package io.weir.dataplane.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import java.nio.ByteOrder;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.agrona.concurrent.UnsafeBuffer;

/** The fast sum equals the slow one of {@link ReferenceChecksum}; an update equals a computation from scratch. */
class InternetChecksumPropertyTest {
    @Property
    void sumOfAnyBytesAtAnyOffset(@ForAll @Size(max = 3000) byte[] bytes, @ForAll @IntRange(max = 9) int start) {
        final int offset = Math.min(start, bytes.length);
        final int length = bytes.length - offset;
        final int expected = ReferenceChecksum.internet(bytes, offset, length);
        assertThat(InternetChecksum.ofSum(InternetChecksum.sum(new UnsafeBuffer(bytes), offset, length)))
                .isEqualTo(expected);
        final long memory = OffHeap.allocate(bytes.length + 1L);
        try {
            OffHeap.copy(bytes, 0, memory, bytes.length);
            assertThat(InternetChecksum.ofSum(InternetChecksum.sum(memory + offset, length)))
                    .isEqualTo(expected);
        } finally {
            OffHeap.free(memory);
        }
    }

    @Property
    void validSumsAreThoseThatFoldToOnes(@ForAll long any, @ForAll @IntRange(max = 0xFFFF) int factor) {
        final long multiple = 0xFFFFL * factor;
        for (final long sum : new long[] {any, any >>> 20, multiple, multiple + 1, 0xFFFFL * (any >>> 16)}) {
            assertThat(InternetChecksum.isValid(sum)).isEqualTo(InternetChecksum.fold(sum) == 0xFFFF);
        }
    }

    @Property
    void pseudoHeadersOfBothFamilies(
            @ForAll long high,
            @ForAll long low,
            @ForAll int bits,
            @ForAll @IntRange(max = 255) int protocol,
            @ForAll @Size(min = 1, max = 200) byte[] data) {
        final IpAddress ipv6 = new IpAddress(high | 1L << 61, low);
        final IpAddress other = new IpAddress(1L << 61, high ^ low);
        assertPseudoHeader(ipv6, other, protocol, data);
        assertPseudoHeader(IpAddress.ipv4(bits), IpAddress.ipv4((int) low), protocol, data);
    }

    private static void assertPseudoHeader(IpAddress source, IpAddress destination, int protocol, byte[] data) {
        final long sum = InternetChecksum.pseudoHeader(source, destination, protocol, data.length)
                + InternetChecksum.sum(new UnsafeBuffer(data), 0, data.length);
        assertThat(InternetChecksum.ofSum(sum))
                .isEqualTo(ReferenceChecksum.transport(
                        source.toBytes(), destination.toBytes(), protocol, data, 0, data.length));
    }

    /** The first two bytes are the checksum; anything behind them may change, in words of 16, 32 or 64 bits. */
    @Property
    void updateEqualsComputation(
            @ForAll @Size(40) byte[] bytes,
            @ForAll long value,
            @ForAll @IntRange(min = 1, max = 15) int word,
            @ForAll @IntRange(max = 2) int width) {
        bytes[39] |= 1; // a sum of zero can't occur behind a pseudo header
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        final ByteOrder order = ByteOrder.BIG_ENDIAN;
        bytes[0] = 0;
        bytes[1] = 0;
        final int before = ReferenceChecksum.internet(bytes, 0, bytes.length);
        final int at = 2 * word;
        final long delta = switch (width) {
            case 0 -> InternetChecksum.delta16(buffer.getShort(at, order), (int) value);
            case 1 -> InternetChecksum.delta32(buffer.getInt(at, order), (int) value);
            default -> InternetChecksum.delta64(buffer.getLong(at, order), value);
        };
        switch (width) {
            case 0 -> buffer.putShort(at, (short) value, order);
            case 1 -> buffer.putInt(at, (int) value, order);
            default -> buffer.putLong(at, value, order);
        }
        final int expected = ReferenceChecksum.internet(bytes, 0, bytes.length);
        assertThat(InternetChecksum.update(before, delta)).isEqualTo(expected);
        if (before != 0) {
            assertThat(InternetChecksum.updateUdp(before, delta)).isEqualTo(expected == 0 ? 0xFFFF : expected);
        }
        assertThat(InternetChecksum.updateUdp(0, delta)).isZero();
        if (before == 0) {
            // What UDP sends in place of a computed 0 must update to the same.
            assertThat(InternetChecksum.updateUdp(0xFFFF, delta)).isEqualTo(expected == 0 ? 0xFFFF : expected);
        }
    }
}
