package io.weir.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Report;
import io.weir.bench.report.Result;
import io.weir.bench.report.Skipped;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MeasuredRunTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<Report> reports = new ArrayList<>();

    private interface Work {
        void run(Recorder recorder) throws IOException, InterruptedException;
    }

    private record Part(String name, Optional<String> obstacle, Work work) implements Experiment {
        @Override
        public String describe() {
            return name;
        }

        @Override
        public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
            work.run(recorder);
        }
    }

    private static Part part(String name, Work work) {
        return new Part(name, Optional.empty(), work);
    }

    private static void good(Recorder recorder) {
        recorder.progress("good: run 1");
        recorder.result(Result.of("good", Variant.flows(1), Subject.WEIR, Metric.RATE, 1));
    }

    @Test
    void whatFailsIsReportedAndTheRestIsMeasured() {
        final List<Experiment> parts = List.of(
                part("io", _ -> {
                    throw new IOException("no device");
                }),
                part("unchecked", _ -> {
                    throw new UnsupportedOperationException("no such call");
                }),
                new Part("lacking", Optional.of("it needs a moon"), MeasuredRunTest::good),
                part("good", MeasuredRunTest::good));
        assertThatThrownBy(() -> run(parts).measure(reports::add))
                .isInstanceOf(CommandFailure.class)
                .hasMessage("io: no device; unchecked: no such call");
        assertThat(reports).hasSize(4);
        assertThat(reports.getLast().results()).extracting(Result::scenario).containsExactly("good");
        assertThat(reports.getLast().skipped())
                .containsExactly(
                        new Skipped("io", Subject.WEIR, "it failed: no device"),
                        new Skipped("unchecked", Subject.WEIR, "it failed: no such call"),
                        new Skipped("lacking", Subject.WEIR, "it needs a moon"));
        assertThat(err.toString().lines().findFirst())
                .hasValueSatisfying(line -> assertThat(line).matches("weir bench: 4 scenarios, about \\d+ min in all"));
        assertThat(err.toString()).containsPattern("\\[\\d+ (s|min) left] good: run 1");
    }

    @Test
    void anInterruptionEndsTheRunAndKeepsWhatWasMeasured() {
        final List<Experiment> parts = List.of(
                part("good", MeasuredRunTest::good),
                part("slow", _ -> {
                    throw new InterruptedException();
                }),
                part("never", MeasuredRunTest::good));
        assertThatThrownBy(() -> run(parts).measure(reports::add)).hasMessage("interrupted");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(reports).hasSize(2);
        assertThat(reports.getLast().results()).hasSize(1);
    }

    private MeasuredRun run(List<Experiment> parts) {
        final ResultTable table = new ResultTable(new PrintWriter(out, true), new PrintWriter(err, true));
        return new MeasuredRun("weir bench run all", parts, Settings.DEFAULT, 0, table);
    }
}
