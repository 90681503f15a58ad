package io.weir.tools.demo;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir demo}: one subcommand for each demonstration. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "DEMO",
        description = "See weir at work, in network namespaces that the demo makes and removes.",
        subcommands = {TwoPodsDemo.class})
public final class DemoCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name a demo");
    }
}
