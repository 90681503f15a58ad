package io.weir.tools.run;

import io.weir.agent.source.ClusterSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weir agent}: the daemon of a node. */
@Command(
        name = "agent",
        mixinStandardHelpOptions = true,
        description = "Run a node: attach its pods, forward their packets, follow the cluster's state.",
        footer = {
            "",
            "An API server that is away stops nothing: forwarding goes on with what is known. Ctrl-C and SIGTERM "
                    + "remove everything that weir made. Needs CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN.",
            "",
            "Examples:",
            "  weir agent --config examples/two-pods",
            "  weir agent --kubeconfig /etc/weir/kubeconfig --config /etc/weir/node --node node-1"
        })
public final class AgentCommand implements Callable<Integer> {
    @Mixin
    private SourceOptions sources = new SourceOptions();

    @Mixin
    private Daemon daemon = new Daemon();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final PrintWriter err = spec.commandLine().getErr();
        try (ClusterSource source = sources.open(err)) {
            return daemon.run(source, spec.commandLine().getOut(), err);
        }
    }
}
