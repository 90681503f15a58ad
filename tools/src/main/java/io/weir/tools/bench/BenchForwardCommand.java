package io.weir.tools.bench;

import io.weir.bench.experiment.Experiments;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weir bench forward}. */
@Command(
        name = "forward",
        mixinStandardHelpOptions = true,
        description = {
            "Measure plain forwarding.",
            "Packets are copied one by one from a capture in memory into receive slots, routed, rewritten and"
                    + " discarded at a null port, by one worker on one core."
        },
        footer = {
            "",
            "Examples:",
            "  weir bench forward",
            "  weir bench forward --flows 1000 --ipv6 --runs 9",
            "  weir bench forward --json > forward.json"
        })
public final class BenchForwardCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Override
    public void run() {
        options.measure(List.of(Experiments.byName("l3").orElseThrow()), spec);
    }
}
