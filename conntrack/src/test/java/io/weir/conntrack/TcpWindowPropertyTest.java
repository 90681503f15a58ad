package io.weir.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class TcpWindowPropertyTest {
    private static final int ACK = 16;
    private static final int PSH = 8;

    /** The usual segment takes a short way; it must say and do what judging and moving one after the other do. */
    @Property(tries = 2000)
    void passingIsCheckingAndAdvancing(@ForAll long seed, @ForAll boolean reply) {
        final Random random = new Random(seed);
        final long memory = OffHeap.allocate(2L * Entry.LENGTH + 64);
        try {
            final long one = memory;
            final long other = memory + Entry.LENGTH;
            final long tcp = memory + 2L * Entry.LENGTH;
            fill(one, random);
            for (int segment = 0; segment < 8; segment++) {
                OffHeap.copy(one, other, Entry.LENGTH);
                header(tcp, one, reply, random);
                final int length = 20 + random.nextInt(3) * 700;
                final boolean passes = TcpWindow.pass(one, reply, tcp, length);
                final boolean right = TcpWindow.check(other, reply, tcp, length) == null;
                if (right) {
                    TcpWindow.advance(other, reply, tcp, length);
                }
                assertThat(passes).isEqualTo(right);
                assertThat(bytes(one)).isEqualTo(bytes(other));
            }
        } finally {
            OffHeap.free(memory);
        }
    }

    /** Sequence numbers of both directions not far from each other, and anywhere in their circle. */
    private static void fill(long entry, Random random) {
        final int origin = random.nextInt();
        for (final int fields : new int[] {Entry.WINDOW_ORIGINAL, Entry.WINDOW_REPLY}) {
            OffHeap.putInt(entry + fields, origin + near(random));
            OffHeap.putInt(entry + fields + 4, origin + near(random));
            OffHeap.putInt(entry + fields + 8, random.nextInt(4) * 30_000);
            OffHeap.putInt(entry + fields + 12, (1 << 8) | (1 << 9) | random.nextInt(8));
        }
        OffHeap.putInt(entry + Entry.ACK_ORIGINAL, random.nextInt(4) == 0 ? 0 : origin + near(random));
        OffHeap.putInt(entry + Entry.ACK_REPLY, random.nextInt(4) == 0 ? 0 : origin + near(random));
    }

    private static int near(Random random) {
        return (random.nextInt(9) - 4) * (random.nextInt(4) == 0 ? 40_000 : 700);
    }

    private static void header(long tcp, long entry, boolean reply, Random random) {
        OffHeap.putIntBigEndian(tcp + 4, TcpWindow.endOf(entry, reply) + near(random));
        OffHeap.putIntBigEndian(tcp + 8, TcpWindow.endOf(entry, !reply) + near(random));
        OffHeap.putByte(tcp + 12, (byte) 0x50);
        OffHeap.putByte(tcp + 13, (byte) (random.nextInt(8) == 0 ? PSH : ACK));
        OffHeap.putShortBigEndian(tcp + 14, random.nextInt(3) * 20_000);
    }

    private static byte[] bytes(long entry) {
        final byte[] bytes = new byte[Entry.LENGTH];
        OffHeap.copy(entry, bytes, 0, bytes.length);
        return bytes;
    }
}
