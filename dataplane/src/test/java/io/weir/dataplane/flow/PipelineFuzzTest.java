package io.weir.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.worker.TestDataplane;
import java.util.Arrays;

/**
 * Any bytes may come in by any port, twice: nothing is thrown, every packet is accounted for, and no slot is lost. The first
 * byte chooses the port, the rest is the frame. One dataplane serves all inputs, as a node's would: to make a new one for each
 * would be most of the work. How to fuzz for real is in CONTRIBUTING.md.
 */
class PipelineFuzzTest {
    private static final TestDataplane TEST = new TestDataplane();

    @FuzzTest(maxDuration = "30s")
    void anyFrameIsAccountedFor(byte[] input) {
        if (input.length == 0 || input.length > 9000) {
            return;
        }
        final byte[] frame = Arrays.copyOfRange(input, 1, input.length);
        final long before = accountedFor();
        for (int i = 0; i < 2; i++) {
            TEST.nowNs += 1_000_000L;
            TEST.send((input[0] & 1) == 0 ? TEST.pod1 : TEST.uplink, frame);
        }
        final long sent = drained(TEST.uplink) + drained(TEST.pod1) + drained(TEST.pod2);
        assertThat(sent + accountedFor() - before).isEqualTo(2);
        assertThat(TEST.dataplane.workers().getFirst().pool().inUse()).isZero();
    }

    private static long accountedFor() {
        return TEST.counters().totalDrops() + TEST.count(PathCounter.ANSWERED) + TEST.count(PathCounter.HELD);
    }

    private static long drained(MemoryPort port) {
        long frames = 0;
        while (port.poll() != null) {
            frames++;
        }
        return frames;
    }
}
