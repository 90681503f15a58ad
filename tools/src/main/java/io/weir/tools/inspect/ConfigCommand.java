package io.weir.tools.inspect;

import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.NodeConfigWriter;
import io.weir.agent.simulation.Explainer;
import io.weir.tools.command.ConfigOptions;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir config}: checks a config directory and prints what it comes to. */
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        description = "Check a config directory, and print every setting with its value.",
        footer = {
            "",
            "Everything is translated and compiled as a node would: what weir run refuses is refused here, and what "
                    + "it could not use is warned of.",
            "",
            "Examples:",
            "  weir config --config examples/two-pods",
            "  weir config --config examples/two-pods --set workers.count=2 --json"
        })
public final class ConfigCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter err = spec.commandLine().getErr();
        final LoadedConfig loaded = config.load(err);
        final List<String> unused = compile(loaded);
        unused.forEach(warning -> err.println("warning: " + warning));
        err.flush();
        final Map<String, Integer> objects = objects(loaded.cluster());
        if (json) {
            final Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("objects", objects);
            tree.put("nodeConfig", NodeConfigWriter.tree(loaded.node()));
            tree.put(
                    "warnings",
                    Stream.concat(loaded.warnings().stream(), unused.stream()).toList());
            out.println(Json.pretty(tree));
        } else {
            objects.forEach((kind, count) -> out.println("# " + count + " " + kind));
            out.print(NodeConfigWriter.yaml(loaded.node()));
        }
        out.flush();
        return ExitCodes.DONE;
    }

    /** What the node could not use of it; throws as the node would for what can't be applied at all. */
    private static List<String> compile(LoadedConfig loaded) {
        try (Explainer node = new Explainer(loaded)) {
            return node.thisNode().dataplane().warnings();
        }
    }

    private static Map<String, Integer> objects(ClusterState cluster) {
        final Map<String, Integer> counts = new LinkedHashMap<>();
        counts.put("Namespaces", cluster.namespaces().size());
        counts.put("Nodes", cluster.nodes().size());
        counts.put("Pods", cluster.pods().size());
        counts.put("Services", cluster.services().size());
        counts.put("EndpointSlices", cluster.endpointSlices().size());
        counts.put("NetworkPolicies", cluster.networkPolicies().size());
        counts.put("ClusterNetworkPolicies", cluster.clusterNetworkPolicies().size());
        return counts;
    }
}
