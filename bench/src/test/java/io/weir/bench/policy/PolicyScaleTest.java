package io.weir.bench.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Result;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is measured of many policies, with few: that there is a figure of each kind, and that policies admit what is sent. */
class PolicyScaleTest {
    private static final PolicyCluster SMALL = new PolicyCluster(500, 20, 200);

    @Test
    void everythingIsMeasuredAndNothingDropped() throws Exception {
        final Recorder recorder = new Recorder(Recorder.Watcher.NONE);
        final Settings settings = new Settings(
                List.of(1000), List.of("64"), List.of(false), true, List.of(1), 0.1, 2, 0.05, /* core= */ -1, false);
        new PolicyScale(SMALL, 5).run(settings, recorder);

        assertThat(recorder.results())
                .allSatisfy(result -> assertThat(result.scenario()).isEqualTo("scale-policies"))
                .extracting(result -> result.metric().name())
                .contains("load", "heap", "change", "change-p99", "rate", "rate-kept", "changes", "connections");
        assertThat(of(recorder, "change")).hasSize(2 * PolicyChange.values().length);
        assertThat(of(recorder, "dropped"))
                .singleElement()
                .satisfies(result -> assertThat(result.median()).isZero());
        assertThat(of(recorder, "rate"))
                .allSatisfy(result -> assertThat(result.median()).isPositive());
    }

    private static List<Result> of(Recorder recorder, String metric) {
        return recorder.results().stream()
                .filter(result -> result.metric().name().equals(metric))
                .toList();
    }
}
