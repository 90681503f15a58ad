package io.weir.tools.bench;

import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Report;
import io.weir.bench.report.ReportJson;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An experiment in a virtual machine of its own, so that its code is compiled for its packets and not for another experiment's
 * as well, and its memory is gone afterwards.
 */
final class ForkedExperiment implements Experiment {
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
    public int measurements(Settings settings) {
        return experiment.measurements(settings);
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException, IOException {
        final Path json = Files.createTempFile("weir-bench", ".json");
        try {
            final Process process = new ProcessBuilder(command(settings, json))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            final int code;
            try {
                code = process.waitFor();
            } finally {
                process.destroy();
            }
            if (Files.size(json) == 0) {
                throw new IOException("its virtual machine ended with " + code);
            }
            final Report report = ReportJson.read(Files.readString(json));
            report.results().forEach(recorder::result);
            report.skipped().forEach(skip -> recorder.skip(skip.scenario(), skip.subject(), skip.reason()));
            if (code != 0) {
                throw new IllegalStateException(name() + " failed; what went wrong is said above");
            }
        } finally {
            Files.deleteIfExists(json);
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
        command.addAll(List.of("--no-fork", "--json", json.toString()));
        return command;
    }

    private static String list(List<?> values) {
        return values.stream().map(Object::toString).collect(Collectors.joining(","));
    }
}
