package io.weir.bench.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TimeLeftTest {
    private long now;
    private final TimeLeft left = new TimeLeft(() -> now);

    @Test
    void whatIsOverCorrectsTheEstimateOfTheRest() {
        left.begin(10, 20);
        assertThat(left.seconds()).isEqualTo(30);
        seconds(4);
        assertThat(left.seconds()).isEqualTo(26);
        assertThat(left.text()).isEqualTo("26 s left");
        seconds(16); // twice the estimate
        assertThat(left.seconds()).isEqualTo(20);
        left.begin(10, 10);
        assertThat(left.seconds()).isEqualTo(40);
    }

    @Test
    void anExperimentThatFailsAtOnceOrHangsMakesNoNonsense() {
        left.begin(100, 400);
        left.begin(100, 300);
        assertThat(left.seconds()).isEqualTo(100);
        seconds(100_000);
        left.begin(100, 200);
        assertThat(left.seconds()).isEqualTo(1200);
        assertThat(left.text()).isEqualTo("20 min left");
    }

    private void seconds(int count) {
        now += count * 1_000_000_000L;
    }
}
