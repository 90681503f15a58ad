package io.weir.tools.run;

import io.weir.agent.node.LocalNode;
import io.weir.agent.run.NodeAgent;
import io.weir.agent.run.NodeLock;
import io.weir.agent.run.RunningNode;
import io.weir.agent.source.ClusterSource;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.linux.LinuxException;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.Ending;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.log.LogFormat;
import io.weir.tools.log.LogLine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.event.Level;
import picocli.CommandLine.Option;

/** The daemon behind {@code weir agent} and {@code weir run}, and its options: signals, exit codes and what it prints. */
final class Daemon {
    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description =
                    "Where this node's lock and counters are, in a directory of the node's name. Default: /run/weir.")
    private Path runDirectory = Path.of("/run/weir");

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            description = "human (default) or json: how the log is written to standard error.")
    private LogFormat logFormat = LogFormat.HUMAN;

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            description = "From which level on: trace, debug, info (default), warn or error.")
    private Level logLevel = Level.INFO;

    /** Runs until SIGINT or SIGTERM; the source stays the caller's. */
    int run(ClusterSource source, PrintWriter out, PrintWriter err) throws IOException {
        LogLine.configure(logFormat, logLevel);
        try (Ending ending = new Ending()) {
            new NodeAgent(source, runDirectory).run(ending::isAskedFor, running -> report(running, out));
        } catch (final NodeLock.RefusedException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        } catch (final LinuxException e) {
            err.println("weir: " + e.getMessage());
            err.flush();
            return ExitCodes.BAD_INPUT;
        }
        return ExitCodes.DONE;
    }

    private static void report(RunningNode running, PrintWriter out) {
        final LocalNode node = running.dataplane().node();
        if (node == null) {
            throw new IllegalStateException("it was applied");
        }
        final Map<String, Ingress> podPorts = running.dataplane().podPorts();
        node.pods().forEach((name, pod) -> {
            final Ingress ingress = podPorts.get(name);
            out.println(
                    ingress == null
                            ? "pod " + name + "  " + pod.addresses()
                                    + "  not attached: neither by the runtime nor by an annotation weir.io/netns"
                            : "pod " + name + "  " + pod.addresses() + "  mac " + ingress.peerMac() + "  mtu "
                                    + ingress.mtu());
        });
        for (final Ingress uplink : running.dataplane().uplinkPorts()) {
            out.println("uplink " + uplink.name() + "  " + uplink.addresses() + "  mac " + uplink.mac() + "  mtu "
                    + uplink.mtu());
        }
        if (node.config().ports().host().enabled()) {
            out.println("host " + node.config().ports().host().device() + "  " + node.addresses());
        }
        running.dataplane().warnings().forEach(warning -> out.println("warning: " + warning));
        out.println("weir runs " + node.name() + " with "
                + (node.config().workers().count() == 1
                        ? "1 worker"
                        : node.config().workers().count() + " workers")
                + "; Ctrl-C ends it");
        out.flush();
    }
}
