package io.weir.bench.services;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Result;
import java.util.List;
import org.junit.jupiter.api.Test;

class MaglevExperimentTest {
    /** What the paper promises of the sizes that it measures, and what follows from the tables' making. */
    @Test
    void sharesAreEvenAndLittleMovesWithoutNeed() throws InterruptedException {
        final Recorder recorder = new Recorder(Recorder.Watcher.NONE);
        new MaglevExperiment(3).run(Settings.DEFAULT, recorder);
        final List<Result> results = recorder.results();
        assertThat(of(results, "most-loaded-above-mean", "65,537 slots, 1,000 backends"))
                .as("one slot more than the mean at most: 66 against 65.5")
                .isLessThan(1);
        assertThat(of(results, "needlessly-moved-flows", "65,537 slots, 1,000 backends, 1 gone"))
                .isBetween(0.1, 1.0);
        assertThat(of(results, "needlessly-moved-flows", "655,373 slots, 1,000 backends, 1 gone"))
                .isLessThan(of(results, "needlessly-moved-flows", "65,537 slots, 1,000 backends, 1 gone"));
        for (final Result result : results) {
            if (result.metric().name().equals("moved-flows")) {
                final double needless =
                        of(results, "needlessly-moved-flows", result.variant().detail());
                assertThat(result.median()).isGreaterThan(needless);
                assertThat(needless).as(result.variant().detail()).isLessThan(4);
            }
        }
    }

    private static double of(List<Result> results, String metric, String detail) {
        return results.stream()
                .filter(result -> result.metric().name().equals(metric)
                        && result.variant().detail().equals(detail))
                .findFirst()
                .orElseThrow()
                .median();
    }
}
