package io.weir.tools.bench;

import io.weir.bench.experiment.Budget;
import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Report;
import io.weir.bench.report.ReportJson;
import io.weir.dataplane.linux.AtExit;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * An experiment in a virtual machine of its own, so that its code is compiled for its packets and not for another experiment's
 * as well, and its memory is gone afterwards. What it says of its progress is passed on.
 */
final class ForkedExperiment implements Experiment {
    /** One whose end is this overdue will not end any more. */
    private static final double LATE_SECONDS = 600;

    private static final double LATE_FACTOR = 6;
    private static final long CLEAN_UP_SECONDS = 10;

    private final Experiment experiment;

    ForkedExperiment(Experiment experiment) {
        this.experiment = experiment;
    }

    @Override
    public String name() {
        return experiment.name();
    }

    @Override
    public String describe() {
        return experiment.describe();
    }

    @Override
    public Optional<String> obstacle() {
        return experiment.obstacle();
    }

    @Override
    public Set<Choice> choices() {
        return experiment.choices();
    }

    @Override
    public int measurements(Settings settings) {
        return experiment.measurements(settings);
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException, IOException {
        final Path json = Files.createTempFile("weir-bench", ".json");
        json.toFile().deleteOnExit(); // after Ctrl-C
        try {
            final Process process = new ProcessBuilder(command(settings, json))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            final AtExit ender = new AtExit("weir-bench-ends-" + name(), () -> end(process));
            final long limit = (long) (LATE_SECONDS + LATE_FACTOR * Budget.estimate(experiment, settings));
            final Deadline deadline = new Deadline(process, limit);
            String last = "it said nothing";
            final int code;
            try (BufferedReader lines = process.errorReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith(ResultTable.PROGRESS)) {
                        last = line.substring(ResultTable.PROGRESS.length());
                        recorder.progress(last);
                    } else {
                        recorder.progress(name() + " says: " + line);
                        last = line;
                    }
                }
                code = process.waitFor();
            } finally {
                deadline.close();
                process.destroy();
                ender.cancel();
            }
            if (deadline.isMissed()) {
                throw new IOException("it had no end within " + limit + " s; the last it did was: " + last);
            }
            if (Files.size(json) == 0) {
                throw new IOException("its virtual machine ended with " + code + ": " + last);
            }
            final Report report = ReportJson.read(Files.readString(json));
            report.results().forEach(recorder::result);
            report.skipped().forEach(skip -> recorder.skip(skip.scenario(), skip.subject(), skip.reason()));
            if (code != 0) {
                throw new FailedPart(last.replaceFirst("^weir: ", ""));
            }
        } finally {
            Files.deleteIfExists(json);
        }
    }

    /** Politely, and waits until it has removed what it made. */
    private static void end(Process process) {
        process.destroy();
        try {
            process.waitFor(CLEAN_UP_SECONDS, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<String> command(Settings settings, Path json) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), "io.weir.tools.Weir", "bench", "run", name()));
        command.addAll(List.of("--flows", list(settings.flows()), "--size", list(settings.packets())));
        command.addAll(List.of(
                "--family",
                list(settings.ipv6().stream().map(ipv6 -> ipv6 ? 6 : 4).toList())));
        command.addAll(List.of("--workers", list(settings.workers())));
        command.addAll(List.of("--runs", Integer.toString(settings.runs())));
        command.addAll(List.of("--seconds", Double.toString(settings.seconds())));
        command.addAll(List.of("--warm-up", Double.toString(settings.warmUpSeconds())));
        command.addAll(List.of("--core", Integer.toString(settings.core())));
        if (settings.tcp()) {
            command.add("--tcp");
        }
        if (settings.peers()) {
            command.add("--peers");
        }
        command.addAll(List.of("--part", "--json", json.toString()));
        return command;
    }

    private static String list(List<?> values) {
        return values.stream().map(Object::toString).collect(Collectors.joining(","));
    }
}
