package io.weir.dataplane.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FaultPortTest {
    private static final int PACKETS = 10_000;

    private final PacketPool pool = new PacketPool(256, 0);
    private final MemoryPort wire = new MemoryPort("wire");
    private final Burst burst = new Burst(64);
    private long lost;

    @AfterEach
    void close() {
        assertThat(pool.inUse()).isZero();
        pool.close();
    }

    /** What arrives of packets that are 20 bytes long, begin with their number and are zero behind it. */
    private List<byte[]> arriving(String faults) {
        final List<byte[]> arrived = new ArrayList<>();
        for (int i = 0; i < PACKETS; i++) {
            final byte[] frame = new byte[20];
            frame[0] = (byte) (i >>> 8);
            frame[1] = (byte) i;
            wire.offer(frame);
        }
        try (FaultPort port =
                new FaultPort(wire, 3, FaultSpec.parse(faults), (id, packets, bytes) -> lost += packets)) {
            int idle = 0;
            while (idle < 2) {
                idle = port.receive(burst, pool) == 0 ? idle + 1 : 0;
                for (int i = 0; i < burst.size(); i++) {
                    final byte[] frame = new byte[burst.length(i)];
                    OffHeap.copy(burst.address(i), frame, 0, frame.length);
                    arrived.add(frame);
                }
                burst.releaseAll(pool);
            }
        }
        return arrived;
    }

    private static int number(byte[] frame) {
        return (frame[0] & 0xFF) << 8 | (frame[1] & 0xFF);
    }

    @Test
    void aGoodWireChangesNothing() {
        final List<byte[]> arrived = arriving("loss=0");
        assertThat(arrived).extracting(FaultPortTest::number).isSorted().hasSize(PACKETS);
    }

    @Test
    void losesWhatItIsTold() {
        assertThat(arriving("loss=0.1,seed=7")).hasSize(PACKETS - (int) lost);
        assertThat(lost).isBetween(900L, 1100L);
    }

    @Test
    void doubles() {
        assertThat(arriving("duplicate=0.1")).hasSizeBetween(PACKETS + 700, PACKETS + 1100);
    }

    @Test
    void reordersAndLosesNothing() {
        final List<byte[]> arrived = arriving("reorder=0.05");
        assertThat(arrived)
                .extracting(FaultPortTest::number)
                .doesNotHaveDuplicates()
                .hasSize(PACKETS);
        int overtaken = 0;
        for (int i = 1; i < PACKETS; i++) {
            overtaken += number(arrived.get(i)) < number(arrived.get(i - 1)) ? 1 : 0;
        }
        assertThat(overtaken).isPositive();
    }

    @Test
    void cutsAndTurnsBits() {
        assertThat(arriving("truncate=0.1"))
                .filteredOn(frame -> frame.length < 20)
                .hasSizeBetween(900, 1100);
        assertThat(arriving("corrupt=1")).allSatisfy(frame -> {
            int bits = 0;
            for (int i = 2; i < frame.length; i++) {
                bits += Integer.bitCount(frame[i] & 0xFF);
            }
            assertThat(bits).isLessThanOrEqualTo(1);
        });
    }

    @Test
    void theSameSeedMakesTheSameFaults() {
        assertThat(arriving("loss=0.1,corrupt=0.1,seed=5"))
                .containsExactlyElementsOf(arriving("loss=0.1,corrupt=0.1,seed=5"));
    }

    @Test
    void saysWhatItDoesNotUnderstand() {
        assertThatThrownBy(() -> FaultSpec.parse("loss=2")).hasMessageContaining("loss=2.0 is outside 0..1");
        assertThatThrownBy(() -> FaultSpec.parse("loss=x")).hasMessageContaining("'loss=x' needs a probability");
        assertThatThrownBy(() -> FaultSpec.parse("noise=0.1")).hasMessageContaining("'noise=0.1' is no fault");
        assertThatThrownBy(() -> FaultSpec.parse("seed=1.5")).hasMessageContaining("needs a whole number");
    }
}
