package io.weir.tools.bench;

import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Experiments;
import java.util.ArrayList;
import java.util.List;
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
        description = "Measures scenarios: all of them, or those named.",
        footer = {
            "",
            "Examples:",
            "  weir bench run chain",
            "  weir bench run ct nat --flows 1000000 --csv",
            "  weir bench run all --peers --budget 30 --html all.html --json all.json",
            "  weir bench run --tcp --json > tcp.json"
        })
public final class BenchRunCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Parameters(paramLabel = "SCENARIO", description = "As weir bench list shows them; all is all of them.")
    private List<String> names = new ArrayList<>();

    @Override
    public void run() {
        final List<Experiment> experiments = names.isEmpty() || names.equals(List.of("all"))
                ? Experiments.all()
                : names.stream().map(this::experiment).toList();
        options.measure(experiments, spec);
    }

    private Experiment experiment(String name) {
        return Experiments.byName(name)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "there is no scenario '" + name + "'; see weir bench list"));
    }
}
