package io.weir.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weir.bench.peers.Command;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Report;
import io.weir.bench.report.ReportJson;
import io.weir.bench.report.Result;
import io.weir.bench.report.Skipped;
import io.weir.bench.report.Subject;
import io.weir.bench.throughput.Scenarios;
import io.weir.tools.CommandRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code weir bench} from the command line to the page in a browser, each scenario for a moment. */
class BenchSmokeTest {
    @TempDir
    private Path directory;

    @Test
    void everyScenarioRunsAllocatesNothingAndTheReportOpens() throws Exception {
        final List<String> arguments = new ArrayList<>(List.of("bench", "run"));
        Scenarios.all().forEach(scenario -> arguments.add(scenario.name()));
        arguments.addAll(List.of("latency", "--no-fork", "--core", "-1", "--flows", "100,400"));
        arguments.addAll(List.of("--runs", "1", "--seconds", "0.1", "--warm-up", "0.3"));
        final Path json = directory.resolve("report.json");
        final Path csv = directory.resolve("report.csv");
        final Path html = directory.resolve("report.html");
        arguments.addAll(List.of("--json", json.toString(), "--csv", csv.toString(), "--html", html.toString()));
        final CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("scenario", "l3", "chain", "latency-p99.9", "Mpps");
        assertThat(run.err()).contains("warming up", "round 1 of 1");

        final Report report = ReportJson.read(Files.readString(json));
        final List<Result> rates = report.results().stream()
                .filter(result -> result.metric().equals(Metric.RATE))
                .toList();
        assertThat(rates).hasSize(2 * Scenarios.all().size());
        assertThat(rates)
                .allMatch(result -> result.median() > 0 && result.note().isEmpty());
        // interpreted code of the first scenarios allocates a little; what the compiler has seen does not
        assertThat(rates.subList(rates.size() / 2, rates.size())).allMatch(result -> result.bytesAllocated() < 1024);
        assertThat(Files.readString(csv).lines()).hasSize(1 + report.results().size());
        // two numbers of flows, one comparison of them, two of delays
        assertThat(Files.readString(html).split("<svg class=\"chart\"", -1)).hasSize(1 + 5);
        opens(html, 5);
    }

    /** Each of the others that make no cluster of ten thousand objects: a figure, or the reason why there is none. */
    @ParameterizedTest
    @ValueSource(strings = {"connect", "churn", "tap-tcp", "tap-pps"})
    void theOtherExperimentsRunToo(String experiment) throws Exception {
        final Path json = directory.resolve("report.json");
        final List<String> arguments = new ArrayList<>(List.of("bench", "run", experiment, "--flows", "1000"));
        arguments.addAll(List.of("--runs", "1", "--seconds", "0.1", "--warm-up", "0.1", "--json", json.toString()));
        final CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        final Report report = ReportJson.read(Files.readString(json));
        assertThat(report.results().isEmpty() && report.skipped().isEmpty())
                .as(run.out())
                .isFalse();
        assertThat(report.results()).extracting(Result::median).allMatch(figure -> figure > 0);
    }

    private void opens(Path html, int charts) throws Exception {
        assumeTrue(Command.isOnPath("chromium"), "no chromium on the path");
        final String dom = Command.run(
                Map.of("HOME", directory.toString()),
                List.of(
                        "chromium",
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--user-data-dir=" + directory.resolve("profile"),
                        "--dump-dom",
                        html.toUri().toString()));
        assertThat(dom).contains("<title>weir bench</title>", "<h2>Packets per second</h2>", "<h2>Delay</h2>");
        assertThat(dom.split("<svg class=\"chart\"", -1)).hasSize(1 + charts);
    }

    @Test
    void eachScenarioHasAVirtualMachineOfItsOwnAndTheResultsComeTogether() throws Exception {
        final Path json = directory.resolve("forked.json");
        final CommandRun run = CommandRun.of(
                "bench",
                "run",
                "l3",
                "ct",
                "--core",
                "-1",
                "--flows",
                "100",
                "--runs",
                "1",
                "--seconds",
                "0.1",
                "--warm-up",
                "0.2",
                "--json",
                json.toString());
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(ReportJson.read(Files.readString(json)).results())
                .extracting(Result::scenario)
                .containsExactly("l3", "l3", "ct", "ct");
    }

    /** The scenario in which Open vSwitch has most to do: its tables, group, connections, translation and tunnel all work. */
    @Test
    void peersDoTheSameWorkOrSayWhyNot() throws Exception {
        final Path json = directory.resolve("peers.json");
        final CommandRun run = CommandRun.of(
                "bench",
                "run",
                "chain",
                "--peers",
                "--flows",
                "500",
                "--runs",
                "1",
                "--seconds",
                "0.3",
                "--warm-up",
                "0.3",
                "--json",
                json.toString());
        assertThat(run.code()).as(run.err()).isZero();
        final Report report = ReportJson.read(Files.readString(json));
        assertThat(report.skipped()).extracting(Skipped::subject).contains(Subject.VPP);
        assertThat(report.skipped()).extracting(Skipped::reason).allMatch(reason -> !reason.isBlank());
        for (final Subject peer : List.of(Subject.TESTPMD, Subject.OVS_DPDK)) {
            final boolean skipped = report.skipped().stream().anyMatch(skip -> skip.subject() == peer);
            final boolean measured = report.results().stream()
                    .anyMatch(result ->
                            result.subject() == peer && result.metric().equals(Metric.RATE) && result.median() > 0);
            assertThat(measured)
                    .as(peer + " is measured, or it is said why not")
                    .isNotEqualTo(skipped);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "l3 --size 10, a frame of 10 bytes is outside 60..1514",
        "l3 --family 5, family 5 is not 4 or 6",
        "l3 --core 4096, binding a worker to core 4096",
        "l3 --core -2, core -2 is no core",
        "l3 --seconds 0, seconds 0.0 is not positive",
        "l3 --warm-up -1, warm-up -1.0 is negative",
        "l3 --budget 0, budget 0.0 is not positive",
        "l3 --json /nowhere/a.json, can't write /nowhere/a.json: there is no such directory",
        "l3 --html /, can't write /:",
        "nothing-*, there is no scenario 'nothing-*'",
    })
    void settingsThatMeanNothingAreRefusedBeforeAnythingIsMeasured(String line, String sentence) {
        final CommandRun run = CommandRun.of(("bench run " + line).split(" ", -1));
        assertThat(run.code()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(sentence).doesNotContain("warming up");
    }

    @Test
    void wrongInputIsRefusedInOneLine() {
        assertThat(CommandRun.of("bench", "profile", "l3", "--core", "4096").code())
                .isEqualTo(2);
        assertThat(CommandRun.of("bench", "micro", "[").err()).contains("'[' is no regular expression");
        assertThat(CommandRun.of("bench", "micro", "--forks", "0").code()).isEqualTo(2);
        assertThat(CommandRun.of("bench", "run", "nothing").code()).isEqualTo(2);
        assertThat(CommandRun.of("bench", "run", "nothing").err()).contains("there is no scenario 'nothing'");
        assertThat(CommandRun.of("bench", "run", "l3", "--size", "big").code()).isEqualTo(2);
        assertThat(CommandRun.of("bench", "run", "l3", "--size", "big").err()).contains("'big' is no size");
        assertThat(CommandRun.of("bench", "run", "l3", "--runs", "0").code()).isEqualTo(2);
        assertThat(CommandRun.of("bench", "profile", "connect").code()).isEqualTo(2);
    }
}
