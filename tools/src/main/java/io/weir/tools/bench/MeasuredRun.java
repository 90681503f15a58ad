package io.weir.tools.bench;

import io.weir.bench.experiment.Budget;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.experiment.TimeLeft;
import io.weir.bench.report.Machine;
import io.weir.bench.report.Report;
import io.weir.bench.report.Subject;
import io.weir.dataplane.linux.AtExit;
import io.weir.tools.command.CommandFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Experiments one after the other. What one fails with is part of the report, and the others are measured all the same; after
 * each the report so far is handed on, so that an interrupted run is not for nothing.
 */
final class MeasuredRun {
    private static final String INTERRUPTED = "interrupted";

    /** Ctrl-C reaches the programs that are measured a moment before this virtual machine knows. */
    private static final long ENDING_MS = 200;

    private final String command;
    private final List<Experiment> experiments;
    private final Settings settings;
    private final double budgetMinutes;
    private final ResultTable table;
    private final Recorder recorder;
    private final Instant start = Instant.now();
    private final Machine machine = Machine.here();
    private final List<String> failures = new ArrayList<>();
    private final CountDownLatch ending = new CountDownLatch(1);

    /**
     * @param budgetMinutes 0: as much effort as the settings say
     */
    MeasuredRun(
            String command, List<Experiment> experiments, Settings settings, double budgetMinutes, ResultTable table) {
        this.command = command;
        this.experiments = List.copyOf(experiments);
        this.settings = settings;
        this.budgetMinutes = budgetMinutes;
        this.table = table;
        recorder = new Recorder(table);
    }

    /**
     * Measures all.
     *
     * @param soFar is given the report after each experiment; the last time it is whole
     * @throws CommandFailure when an experiment failed, after all have been tried
     */
    void measure(Consumer<Report> soFar) {
        final AtExit atExit = new AtExit("weir-bench-ends", ending::countDown);
        try {
            measureAll(soFar);
        } finally {
            atExit.cancel();
        }
    }

    private void measureAll(Consumer<Report> soFar) {
        final Budget budget = new Budget(budgetMinutes * 60);
        final TimeLeft left = new TimeLeft(System::nanoTime);
        table.head();
        if (experiments.size() > 1) {
            announce(budget);
            table.clock(left::text);
        }
        boolean interrupted = false;
        for (int i = 0; i < experiments.size() && !interrupted; i++) {
            final Experiment experiment = experiments.get(i);
            final List<Experiment> toCome = experiments.subList(i, experiments.size());
            final Settings effort = budgetMinutes > 0 ? budget.settings(toCome, settings) : settings;
            left.begin(
                    Budget.estimate(experiment, effort),
                    toCome.stream()
                            .skip(1)
                            .mapToDouble(later -> Budget.estimate(later, effort))
                            .sum());
            if (experiments.size() > 1) {
                recorder.progress("%s (%d of %d): %d x %.1f s after %.1f s of warm-up"
                        .formatted(
                                experiment.name(),
                                i + 1,
                                experiments.size(),
                                effort.runs(),
                                effort.seconds(),
                                effort.warmUpSeconds()));
            }
            interrupted = !run(experiment, effort);
            soFar.accept(report());
        }
        table.foot(recorder.results());
        if (!failures.isEmpty()) {
            throw new CommandFailure(String.join("; ", failures));
        }
    }

    /** Says how long it takes before anything is measured. */
    private void announce(Budget budget) {
        final Settings effort = budgetMinutes > 0 ? budget.settings(experiments, settings) : settings;
        final double minutes = experiments.stream()
                        .mapToDouble(experiment -> Budget.estimate(experiment, effort))
                        .sum()
                / 60;
        recorder.progress("%d scenarios, about %.0f min in all%s"
                .formatted(
                        experiments.size(),
                        Math.ceil(minutes),
                        budgetMinutes > 0 && minutes > budgetMinutes
                                ? ": the shortest runs take longer than the %.0f min given".formatted(budgetMinutes)
                                : ""));
    }

    /** Whether to go on. */
    private boolean run(Experiment experiment, Settings effort) {
        try {
            final Optional<String> obstacle = experiment.obstacle();
            if (obstacle.isPresent()) {
                recorder.skip(experiment.name(), Subject.WEIR, obstacle.get());
            } else {
                experiment.run(effort, recorder);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            failures.add(INTERRUPTED);
            return false;
        } catch (final Exception | OutOfMemoryError e) {
            if (isEnding()) {
                failures.add(INTERRUPTED);
                return false;
            }
            if (e instanceof FailedPart) {
                failures.add(e.getMessage());
                return true;
            }
            final String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            recorder.skip(experiment.name(), Subject.WEIR, "it failed: " + reason);
            failures.add(experiment.name() + ": " + reason);
        }
        return true;
    }

    /** After Ctrl-C programs and namespaces go while an experiment uses them: it has not failed. */
    private boolean isEnding() {
        try {
            return ending.await(ENDING_MS, TimeUnit.MILLISECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private Report report() {
        return new Report(
                command,
                start.truncatedTo(ChronoUnit.SECONDS).toString(),
                Duration.between(start, Instant.now()).toMillis() / 1000.0,
                machine,
                recorder.results(),
                recorder.skipped());
    }
}
