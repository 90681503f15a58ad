package io.weir.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.weir.dataplane.worker.TestDataplane;
import java.util.Arrays;

/**
 * Any bytes may come in by any port, twice: nothing is thrown, every packet is accounted for, and no slot is lost. The first
 * byte chooses the port, the rest is the frame. How to fuzz for real is in CONTRIBUTING.md.
 */
class PipelineFuzzTest {
    @FuzzTest(maxDuration = "1m")
    void anyFrameIsAccountedFor(byte[] input) {
        if (input.length == 0 || input.length > 9000) {
            return;
        }
        final byte[] frame = Arrays.copyOfRange(input, 1, input.length);
        try (TestDataplane test = new TestDataplane()) {
            for (int i = 0; i < 2; i++) {
                test.send((input[0] & 1) == 0 ? test.pod1 : test.uplink, frame);
            }
            final long sent = (long) test.uplink.transmitted().size()
                    + test.pod1.transmitted().size()
                    + test.pod2.transmitted().size();
            assertThat(sent
                            + test.counters().totalDrops()
                            + test.count(PathCounter.ANSWERED)
                            + test.count(PathCounter.HELD))
                    .isEqualTo(2);
            assertThat(test.dataplane.workers().getFirst().pool().inUse()).isZero();
        }
    }
}
