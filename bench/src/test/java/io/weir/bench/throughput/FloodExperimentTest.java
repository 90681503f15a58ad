package io.weir.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FloodExperimentTest {
    /** As little time as a thread gets on a busy machine: what must have happened is counted, not waited for. */
    @ParameterizedTest
    @ValueSource(strings = {"syn-flood", "denied-flood", "denied-syn-flood"})
    void aMomentIsEnough(String name) throws InterruptedException {
        final Settings settings = new Settings(
                List.of(1000), List.of("64"), List.of(false), false, List.of(1), 0.001, 1, 0.001, -1, false);
        final Recorder recorder = new Recorder(Recorder.Watcher.NONE);
        List.of(FloodExperiment.syn(), FloodExperiment.denied(), FloodExperiment.deniedSyn()).stream()
                .filter(experiment -> experiment.name().equals(name))
                .findFirst()
                .orElseThrow()
                .run(settings, recorder);
        assertThat(recorder.skipped()).isEmpty();
        assertThat(recorder.results())
                .filteredOn(result -> result.metric().equals(Metric.RATE))
                .hasSize(3)
                .extracting(Result::median)
                .allMatch(rate -> rate > 0);
    }
}
