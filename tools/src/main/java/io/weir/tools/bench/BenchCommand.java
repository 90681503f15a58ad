package io.weir.tools.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir bench}. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Measure how fast weir forwards, beside its peers.",
        subcommands = {
            BenchForwardCommand.class,
            BenchRunCommand.class,
            BenchProfileCommand.class,
            BenchMicroCommand.class,
            BenchListCommand.class
        })
public final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name what to measure: forward, run, profile, micro or list");
    }
}
