package io.weir.tools.bench;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Experiments;
import io.weir.tools.command.Json;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir bench list}. */
@Command(name = "list", mixinStandardHelpOptions = true, description = "List the scenarios.")
public final class BenchListCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public void run() {
        final PrintWriter out = spec.commandLine().getOut();
        if (json) {
            final Map<String, String> all = new LinkedHashMap<>();
            Experiments.all().forEach(experiment -> all.put(experiment.name(), experiment.describe()));
            out.println(Json.pretty(all));
        } else {
            for (final Experiment experiment : Experiments.all()) {
                out.printf("%-15s %s%s%n", experiment.name(), experiment.describe(), options(experiment));
            }
            out.printf("%nAll obey --core, --warm-up, --runs and --seconds; those in brackets only who has them.%n");
        }
        out.flush();
    }

    private static String options(Experiment experiment) {
        return experiment.choices().isEmpty()
                ? ""
                : experiment.choices().stream().map(Choice::option).collect(Collectors.joining(" ", " [", "]"));
    }
}
