package io.weir.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ContestTest {
    @Test
    void theGeneratorsOwnTimeIsTakenOff() {
        // 100 ns a packet, of which 20 are the generator's
        assertThat(Contest.without(new double[] {50}, new double[] {10}, 1)[0]).isCloseTo(12.5, within(1e-9));
        assertThat(Contest.without(new double[] {25}, new double[] {10}, 2)[0]).isCloseTo(12.5, within(1e-9));
    }

    @Test
    void aRoundInWhichTheGeneratorAloneWasNoFasterTellsNothing() {
        assertThat(Contest.without(new double[] {5, 50, 10, 50}, new double[] {10, 10, 10, 0}, 1))
                .hasSize(1);
        assertThat(Contest.without(new double[] {5}, new double[] {10}, 1)).isEmpty();
    }
}
