package io.weir.tools.bench;

import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Experiments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir bench run}. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Measure scenarios: all of them, or those named.",
        footer = {
            "",
            "Examples:",
            "  weir bench run chain",
            "  weir bench run scale",
            "  weir bench run ct nat --flows 1000000 --csv",
            "  weir bench run all --peers --budget 30 --html all.html --json all.json",
            "  weir bench run --tcp --json > tcp.json"
        })
public final class BenchRunCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Parameters(
            paramLabel = "SCENARIO",
            description =
                    "As weir bench list shows them; scale is all whose names begin with scale-, and so is 'scale-*'; all is all"
                            + " of them.")
    private List<String> names = new ArrayList<>();

    @Override
    public void run() {
        final List<Experiment> experiments = names.isEmpty() || names.equals(List.of("all"))
                ? Experiments.all()
                : names.stream().flatMap(this::experiments).toList();
        final Map<String, Experiment> distinct = new LinkedHashMap<>();
        experiments.forEach(experiment -> distinct.putIfAbsent(experiment.name(), experiment));
        options.measure(List.copyOf(distinct.values()), spec);
    }

    private Stream<Experiment> experiments(String name) {
        final List<Experiment> named = Experiments.named(name);
        if (named.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "there is no scenario '" + name + "'; see weir bench list");
        }
        return named.stream();
    }
}
