package io.weir.tools.run;

import io.weir.agent.source.ClusterSource;
import io.weir.tools.command.ConfigOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weir run}: the daemon of a node whose desired state is a directory; {@code weir agent --config} is the same. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Run a node of a config directory: attach its pods, forward their packets, follow edits.",
        footer = {
            "",
            "The directory form of weir agent. Pods with the annotation weir.io/netns (a namespace's name, path or "
                    + "process) are attached. Ctrl-C and SIGTERM remove everything that weir made. Needs CAP_NET_ADMIN, "
                    + "CAP_NET_RAW and CAP_SYS_ADMIN.",
            "",
            "Example:",
            "  weir run --config examples/two-pods"
        })
public final class RunCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Mixin
    private Daemon daemon = new Daemon();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter err = spec.commandLine().getErr();
        try (ClusterSource source = SourceOptions.watch(config.directory(), config.settings(), err)) {
            return daemon.run(source, out, err);
        }
    }
}
