package io.weir.tools.bench;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Report;
import io.weir.bench.throughput.Traffic;
import io.weir.bench.throughput.Workers;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

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

    @Option(
            names = "--part",
            hidden = true,
            description = "This virtual machine measures one scenario for another one: no fork, no table of peers.")
    private boolean part;

    @Mixin
    private ReportOptions files = new ReportOptions();

    /** Measures each experiment, prints results as they come, and writes the reports. */
    void measure(List<Experiment> experiments, CommandSpec spec) {
        final Settings settings = settings(spec);
        files.check(spec);
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter err = spec.commandLine().getErr();
        if (!part) {
            sayWhatChangesNothing(experiments, spec, err);
        }
        final boolean forks = !noFork && !part && experiments.size() > 1;
        final MeasuredRun run = new MeasuredRun(
                "weir " + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
                forks
                        ? experiments.stream()
                                .<Experiment>map(ForkedExperiment::new)
                                .toList()
                        : experiments,
                settings,
                budgetMinutes,
                new ResultTable(files.usesStandardOutput() ? err : out, err));
        final Report[] last = new Report[1];
        try {
            run.measure(report -> {
                last[0] = report;
                files.writeFiles(report);
            });
        } finally {
            if (last[0] != null) {
                files.print(last[0], out);
            }
        }
    }

    /** An option that an experiment has no use for would be misunderstood. */
    private static void sayWhatChangesNothing(List<Experiment> experiments, CommandSpec spec, PrintWriter err) {
        for (final Choice choice : Choice.values()) {
            final ParseResult given = spec.commandLine().getParseResult();
            final boolean isAsked = given.hasMatchedOption(choice.option())
                    || (choice == Choice.FAMILY && given.hasMatchedOption("--ipv6"));
            final List<String> without = experiments.stream()
                    .filter(experiment -> !experiment.choices().contains(choice))
                    .map(Experiment::name)
                    .toList();
            if (isAsked && !without.isEmpty()) {
                err.printf("weir bench: %s changes nothing for %s%n", choice.option(), String.join(", ", without));
                err.flush();
            }
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
            for (final int family : families) {
                if (family != 4 && family != 6) {
                    throw new IllegalArgumentException("family " + family + " is not 4 or 6");
                }
            }
            if (spec.commandLine().getParseResult().hasMatchedOption("--budget") && !(budgetMinutes > 0)) {
                throw new IllegalArgumentException("budget " + budgetMinutes + " is not positive");
            }
            Core.check(core);
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
