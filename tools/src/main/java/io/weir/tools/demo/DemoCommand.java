package io.weir.tools.demo;

import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ExitCodes;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir demo}: a whole cluster on this machine, and every promise tried on it. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Make a cluster of two nodes in network namespaces, try every promise on it, and remove it.",
        footer = {
            "",
            "Runs as root, needs no cluster, and changes nothing outside of namespaces of its own. Exit code 1 means "
                    + "that a promise was broken.",
            "",
            "Examples:",
            "  weir demo",
            "  weir demo --keep      then: weir top --run-dir /run/weir-demo/run --node node-1",
            "  weir demo --remove",
            "  weir demo two-pods    one node and a large transfer"
        },
        subcommands = {TwoPodsDemo.class})
public final class DemoCommand implements Callable<Integer> {
    @Option(names = "--install", description = "Install the Debian packages that the demo needs, if they are missing.")
    private boolean install;

    @Option(names = "--keep", description = "Leave the cluster up, and print what to try on it.")
    private boolean keep;

    @Option(names = "--remove", description = "Remove a cluster that was kept, or that a killed demo has left.")
    private boolean remove;

    @Option(names = "--json", description = "Print a line of JSON for each promise, and one for all of them.")
    private boolean json;

    @Option(names = "--mebibytes", paramLabel = "N", description = "How much each transfer sends. Default: 256.")
    private int mebibytes = 256;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        if (!isRoot()) {
            throw new CommandFailure("the demo makes network namespaces and needs root: sudo ./weir demo");
        }
        if (remove) {
            DemoRemains.of(DemoCluster.DIRECTORY, DemoCluster.PREFIX).remove();
            out.println("removed");
            out.flush();
            return ExitCodes.DONE;
        }
        DemoPrograms.ofThisMachine().require(install, out);
        final PromisePrinter printer = new PromisePrinter(out, json);
        final long beginNs = System.nanoTime();
        try (DemoCluster cluster = new DemoCluster()) {
            run(cluster, printer);
            if (keep) {
                cluster.keep();
            } else {
                printer.promise("an agent ends within a second of SIGTERM", () -> ended(cluster.endAgents()));
            }
        }
        printer.summary((System.nanoTime() - beginNs) / 1e9);
        if (keep) {
            whatToTry(printer);
        } else {
            printer.say("everything removed");
        }
        return printer.isAllKept() ? ExitCodes.DONE : ExitCodes.FAILED;
    }

    private void run(DemoCluster cluster, PromisePrinter printer) throws InterruptedException {
        printer.say("two nodes with a weir agent each, four pods, etcd and an Internet, in namespaces of their own");
        cluster.wire();
        final long startedNs = System.nanoTime();
        cluster.startAgents();
        cluster.startEtcd();
        cluster.startServers();
        new DemoPromises(cluster, printer, mebibytes).all(startedNs);
    }

    private static String ended(long milliseconds) {
        if (milliseconds > 1_000) {
            throw new CommandFailure("the slower of the two took " + milliseconds + " ms");
        }
        return "the slower of the two took " + milliseconds + " ms";
    }

    private static void whatToTry(PromisePrinter printer) {
        final String node = " --run-dir " + DemoCluster.runDirectory() + " --node node-1";
        printer.say("");
        printer.say("The cluster is up. Try, as root:");
        printer.say("  ip netns exec weir-demo-client curl http://" + DemoManifests.WEB + "/");
        printer.say("  ./weir top" + node);
        printer.say("  ./weir pods" + node);
        printer.say("  ./weir services" + node);
        printer.say("  ./weir drops" + node);
        printer.say("  ./weir trace" + node);
        printer.say("  ./weir explain --config " + DemoCluster.DIRECTORY + "/node-1/config --from client --to "
                + DemoManifests.WEB + " --port 80");
        printer.say("Remove it with:");
        printer.say("  ./weir demo --remove");
    }

    private static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }
}
