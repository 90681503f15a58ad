package io.weir.tools.bench;

import io.weir.bench.experiment.Budget;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Machine;
import io.weir.bench.report.Report;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.throughput.Traffic;
import io.weir.bench.throughput.Workers;
import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What the measuring commands share: options, the runs, the table. */
final class BenchOptions {
    @Option(
            names = "--flows",
            split = ",",
            defaultValue = "1000,100000,1000000",
            description = "Numbers of flows, one measurement each (default: ${DEFAULT-VALUE}).")
    private List<Integer> flows = List.of();

    @Option(
            names = "--size",
            split = ",",
            defaultValue = "64",
            description = "Bytes of a frame without its check sequence, one measurement each (default:"
                    + " ${DEFAULT-VALUE}).")
    private List<String> sizes = List.of();

    @Option(
            names = "--family",
            split = ",",
            defaultValue = "4",
            description = "IP versions, 4 or 6, one measurement each (default: ${DEFAULT-VALUE}).")
    private List<Integer> families = List.of();

    @Option(names = "--ipv6", description = "The same as --family 6.")
    private boolean ipv6;

    @Option(names = "--tcp", description = "TCP segments instead of UDP datagrams.")
    private boolean tcp;

    @Option(
            names = "--workers",
            split = ",",
            defaultValue = "1",
            description = "Numbers of worker threads, one measurement each (default: ${DEFAULT-VALUE}).")
    private List<Integer> workers = List.of();

    @Option(names = "--runs", defaultValue = "5", description = "Runs; the median counts (default: ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--seconds", defaultValue = "2", description = "Seconds of a run (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(
            names = "--warm-up",
            defaultValue = "5",
            description = "Seconds before the first run (default: ${DEFAULT-VALUE}).")
    private double warmUpSeconds;

    @Option(
            names = "--core",
            defaultValue = "1",
            description = "Core to run on; -1 leaves it to the kernel (default: ${DEFAULT-VALUE}).")
    private int core;

    @Option(names = "--peers", description = "Let the peers that are installed do the same work, in turns with weir.")
    private boolean peers;

    @Option(
            names = "--budget",
            paramLabel = "MINUTES",
            description = "Measure about so long in all: warm-up, runs and seconds are chosen to fit.")
    private double budgetMinutes;

    @Option(
            names = "--no-fork",
            description = "Measure all in this virtual machine instead of each scenario in its own.")
    private boolean noFork;

    @Mixin
    private ReportOptions files = new ReportOptions();

    /** Measures each experiment, prints results as they come, and writes the reports. */
    void measure(List<Experiment> experiments, CommandSpec spec) {
        final Settings settings = settings(spec);
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter err = spec.commandLine().getErr();
        final ResultTable table = new ResultTable(files.usesStandardOutput() ? err : out, err);
        final Recorder recorder = new Recorder(table);
        final Instant start = Instant.now();
        final Machine machine = Machine.here();
        table.head();
        final Budget budget = new Budget(budgetMinutes * 60);
        CommandFailure failure = null;
        for (int i = 0; i < experiments.size(); i++) {
            final Experiment experiment = experiments.get(i);
            final Settings effort = budgetMinutes > 0
                    ? budget.settings(experiments.subList(i, experiments.size()), settings)
                    : settings;
            recorder.progress("%s (%d of %d): %d runs of %.1f s after %.1f s"
                    .formatted(
                            experiment.name(),
                            i + 1,
                            experiments.size(),
                            effort.runs(),
                            effort.seconds(),
                            effort.warmUpSeconds()));
            final CommandFailure failed = run(
                    !noFork && experiments.size() > 1 ? new ForkedExperiment(experiment) : experiment,
                    effort,
                    recorder);
            failure = failure == null ? failed : failure;
        }
        final List<Result> results = recorder.results();
        table.foot(results);
        files.write(
                new Report(
                        "weir "
                                + String.join(
                                        " ", spec.commandLine().getParseResult().originalArgs()),
                        start.truncatedTo(ChronoUnit.SECONDS).toString(),
                        Duration.between(start, Instant.now()).toMillis() / 1000.0,
                        machine,
                        results,
                        recorder.skipped()),
                out);
        if (failure != null) {
            throw failure;
        }
    }

    /** What went wrong, or null; the next experiment may still work. */
    private static @Nullable CommandFailure run(Experiment experiment, Settings settings, Recorder recorder) {
        final Optional<String> obstacle = experiment.obstacle();
        if (obstacle.isPresent()) {
            recorder.skip(experiment.name(), Subject.WEIR, obstacle.get());
            return null;
        }
        try {
            experiment.run(settings, recorder);
            return null;
        } catch (final IllegalStateException e) {
            recorder.skip(experiment.name(), Subject.WEIR, "it failed: " + e.getMessage());
            return new CommandFailure("the measurement means nothing: " + e.getMessage(), e);
        } catch (final IOException e) {
            recorder.skip(experiment.name(), Subject.WEIR, "it failed: " + e.getMessage());
            return new CommandFailure(experiment.name() + ": " + e.getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return new CommandFailure("interrupted", e);
        }
    }

    private Settings settings(CommandSpec spec) {
        try {
            for (final int count : flows) {
                for (final String size : sizes) {
                    Traffic.of(count, size, ipv6, tcp); // refuses what can't be made
                }
            }
            for (final int count : workers) {
                new Workers(count, -1);
            }
            return new Settings(
                    flows,
                    sizes,
                    ipv6
                            ? List.of(true)
                            : families.stream().map(family -> family == 6).toList(),
                    tcp,
                    workers,
                    warmUpSeconds,
                    runs,
                    seconds,
                    core,
                    peers);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
