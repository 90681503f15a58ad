package io.weir.tools.run;

import io.weir.agent.source.ClusterSource;
import io.weir.agent.source.DirectorySource;
import io.weir.tools.command.NodeName;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir agent}: the daemon of a node. */
@Command(
        name = "agent",
        mixinStandardHelpOptions = true,
        description = "Run a node: attach its pods, forward their packets, follow the cluster's state.",
        footer = {
            "",
            "Ctrl-C and SIGTERM remove everything that weir made. Needs CAP_NET_ADMIN, CAP_NET_RAW and",
            "CAP_SYS_ADMIN.",
            "",
            "Example:",
            "  weir agent --config examples/two-pods"
        })
public final class AgentCommand implements Callable<Integer> {
    @Option(
            names = "--config",
            paramLabel = "DIR",
            description = "Directory of Kubernetes manifests and at most one NodeConfig.")
    private @Nullable Path directory;

    @Option(
            names = "--node",
            paramLabel = "NAME",
            description = "Which node this is. Default: nodeName of the NodeConfig, else the only node there is.")
    private @Nullable String node;

    @Option(
            names = "--set",
            paramLabel = "PATH=VALUE",
            description = "Override a field of NodeConfig: --set workers.count=2. May be given many times.")
    private final List<String> settings = new ArrayList<>();

    @Mixin
    private Daemon daemon = new Daemon();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final PrintWriter err = spec.commandLine().getErr();
        try (ClusterSource source = source(err)) {
            return daemon.run(source, spec.commandLine().getOut(), err);
        }
    }

    private ClusterSource source(PrintWriter err) throws IOException {
        if (directory == null) {
            throw new ParameterException(spec.commandLine(), "give --config DIR");
        }
        return new DirectorySource(directory, NodeName.settings(settings, node), warning -> {
            err.println("warning: " + warning);
            err.flush();
        });
    }
}
