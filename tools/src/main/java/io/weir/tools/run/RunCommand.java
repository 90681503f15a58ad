package io.weir.tools.run;

import io.weir.agent.node.LocalNode;
import io.weir.agent.run.ConfigWatch;
import io.weir.agent.run.NodeLock;
import io.weir.agent.run.NodeLoop;
import io.weir.agent.run.RunningNode;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ConfigOptions;
import io.weir.tools.command.ExitCodes;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir run}: attaches the pods of a config directory and forwards until SIGINT or SIGTERM. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Run a node: attach its pods, forward their packets, follow edits of the configuration.",
        footer = {
            "",
            "Pods with the annotation weir.io/netns (a namespace's name, path or process) are attached. Ctrl-C and",
            "SIGTERM remove everything that weir made. Needs CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN.",
            "",
            "Example:",
            "  weir run --config examples/two-pods"
        })
public final class RunCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description =
                    "Where this node's lock and counters are, in a directory of the node's name. Default: /run/weir.")
    private Path runDirectory = Path.of("/run/weir");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter err = spec.commandLine().getErr();
        final LocalNode node = LocalNode.of(config.load(err));
        final Path directory = runDirectory.resolve(node.name());
        try (NodeLock _ = NodeLock.acquire(node.name(), directory);
                NetworkNamespace namespace = NetworkNamespace.current();
                ConfigWatch watch = new ConfigWatch(config.directory());
                Ending ending = new Ending()) {
            try (RunningNode running = new RunningNode(node, namespace, directory)) {
                report(running, out);
                new NodeLoop(running, watch, () -> LocalNode.of(config.load(err))).run(ending::isAskedFor);
                out.println("weir: ending, removing what was made");
                out.flush();
            }
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
                            ? "pod " + name + "  " + pod.addresses() + "  not attached: no annotation weir.io/netns"
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

    /** Ctrl-C and SIGTERM start the end of the virtual machine, which waits until everything is removed. */
    private static final class Ending implements AutoCloseable {
        private final AtomicBoolean askedFor = new AtomicBoolean();
        private final CountDownLatch done = new CountDownLatch(1);
        private final Thread atExit = new Thread(this::end, "ending");

        Ending() {
            Runtime.getRuntime().addShutdownHook(atExit);
        }

        boolean isAskedFor() {
            return askedFor.get();
        }

        private void end() {
            askedFor.set(true);
            try {
                done.await();
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            done.countDown();
            try {
                Runtime.getRuntime().removeShutdownHook(atExit);
            } catch (final IllegalStateException e) {
                askedFor.set(true); // the virtual machine is ending already
            }
        }
    }
}
