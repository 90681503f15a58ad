package io.weir.bench.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Skipped;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RateMeterTest {
    private final List<String> started = new ArrayList<>();

    private record Failing(Subject subject, String detail, List<String> started) implements Forwarder {
        @Override
        public String command() {
            return "";
        }

        @Override
        public AutoCloseable start() throws IOException {
            started.add(subject.label() + " " + detail);
            throw new IOException("no memory for " + detail);
        }
    }

    @Test
    void whoFailsIsReportedAndTheOthersHaveTheirTurn() {
        final Recorder recorder = new Recorder(Recorder.Watcher.NONE);
        final List<Forwarder> forwarders = List.of(
                new Failing(Subject.WEIR, "by af-xdp", started),
                new Failing(Subject.KERNEL, "routing", started),
                new Failing(Subject.TESTPMD, "io", started));
        try (BenchNamespaces net = new BenchNamespaces()) {
            final RateMeter meter = new RateMeter(
                    "pps", Variant.flows(1), net, new RateMeter.Path("a", "b", "eth0", List.of(new byte[64]), 0, true));
            assertThatThrownBy(() -> meter.measure(forwarders, Settings.DEFAULT, recorder))
                    .isInstanceOf(IOException.class)
                    .hasMessage("weir by af-xdp failed: no memory for by af-xdp");
        }
        assertThat(started).containsExactly("weir by af-xdp", "kernel routing", "testpmd io");
        assertThat(recorder.skipped())
                .extracting(Skipped::subject, Skipped::reason)
                .contains(
                        org.assertj.core.api.Assertions.tuple(Subject.KERNEL, "routing failed: no memory for routing"));
    }
}
