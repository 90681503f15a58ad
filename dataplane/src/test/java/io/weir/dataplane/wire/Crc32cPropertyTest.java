package io.weir.dataplane.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.agrona.concurrent.UnsafeBuffer;

/** Ours equals the JDK's, whole and by difference. */
class Crc32cPropertyTest {
    @Property
    void equalsTheJdks(@ForAll @Size(max = 3000) byte[] bytes, @ForAll @IntRange(max = 9) int start) {
        final int offset = Math.min(start, bytes.length);
        final int length = bytes.length - offset;
        assertThat(Crc32c.compute(new UnsafeBuffer(bytes), offset, length)).isEqualTo(jdk(bytes, offset, length));
        final long memory = OffHeap.allocate(bytes.length + 1L);
        try {
            OffHeap.copy(bytes, 0, memory, bytes.length);
            assertThat(Crc32c.compute(memory + offset, length)).isEqualTo(jdk(bytes, offset, length));
            if (length >= 12) {
                final int expected = ReferenceChecksum.sctp(bytes, offset, length);
                assertThat(Crc32c.toSctpField(Crc32c.computeSctp(memory + offset, length)))
                        .isEqualTo(expected);
                assertThat(Crc32c.toSctpField(Crc32c.computeSctp(new UnsafeBuffer(bytes), offset, length)))
                        .isEqualTo(expected);
            }
        } finally {
            OffHeap.free(memory);
        }
    }

    @Property
    void updateEqualsComputation(
            @ForAll @Size(min = 4, max = 2000) byte[] bytes,
            @ForAll @IntRange(max = 1996) int at,
            @ForAll int difference) {
        final int offset = Math.min(at, bytes.length - 4);
        final int before = jdk(bytes, 0, bytes.length);
        for (int i = 0; i < 4; i++) {
            bytes[offset + i] ^= (byte) (difference >>> (24 - 8 * i));
        }
        assertThat(Crc32c.update(before, difference, bytes.length - offset - 4)).isEqualTo(jdk(bytes, 0, bytes.length));
    }

    private static int jdk(byte[] bytes, int offset, int length) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }
}
