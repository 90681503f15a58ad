package io.weir.tools.policy;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.policy.LocalView;
import io.weir.agent.policy.PolicyTranslator;
import io.weir.policy.analysis.PolicyDifference;
import io.weir.policy.analysis.PolicyDifference.Change;
import io.weir.policy.spec.PolicySpec;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir policy diff}. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        description = {
            "Which pairs of pods reach each other in one config directory and not in the other.",
            "At every port where that differs. Pods that are in only one of the two are named, not compared."
        },
        footer = {
            "",
            "Examples:",
            "  weir policy diff running/ planned/",
            "  weir policy diff running/ planned/ --port 5432 --json"
        })
public final class DiffCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "A", description = "Directory of manifests: before.")
    private @Nullable Path before;

    @Parameters(index = "1", paramLabel = "B", description = "Directory of manifests: after.")
    private @Nullable Path after;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            converter = PortChoice.Converter.class,
            description = "Only 80, 53/UDP, 132/SCTP or ICMP. Default: every port that a policy or pod mentions.")
    private @Nullable PortChoice port;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        if (before == null || after == null) {
            throw new IllegalStateException("picocli requires both");
        }
        final PrintWriter out = spec.commandLine().getOut();
        final PolicySpec specBefore = load(before);
        final PolicySpec specAfter = load(after);
        final PolicyDifference difference = port == null
                ? PolicyDifference.between(specBefore, specAfter)
                : PolicyDifference.between(specBefore, specAfter, port.protocol(), port.port());
        if (json) {
            out.println(Json.pretty(tree(difference)));
        } else {
            print(out, difference);
        }
        out.flush();
        return ExitCodes.DONE;
    }

    private static PolicySpec load(Path directory) {
        return new PolicyTranslator().translate(ConfigDirectory.load(directory).cluster(), LocalView.EVERYWHERE);
    }

    private static void print(PrintWriter out, PolicyDifference difference) {
        difference.removedPods().forEach(pod -> out.println("- pod " + pod));
        difference.addedPods().forEach(pod -> out.println("+ pod " + pod));
        for (final Change change : difference.changes()) {
            out.println((change.nowAllowed() ? "+ " : "- ") + change.from() + " -> " + change.to() + "  "
                    + String.join(", ", change.ports()) + "  " + (change.nowAllowed() ? "now allowed" : "now denied")
                    + ": " + change.why());
        }
        final long opened =
                difference.changes().stream().filter(Change::nowAllowed).count();
        out.println(
                difference.changes().isEmpty()
                        ? "no pair changes"
                        : opened + " opened, " + (difference.changes().size() - opened) + " closed");
    }

    private static Map<String, Object> tree(PolicyDifference difference) {
        final List<Map<String, Object>> changes = new ArrayList<>();
        for (final Change change : difference.changes()) {
            final Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("from", change.from());
            tree.put("to", change.to());
            tree.put("ports", change.ports());
            tree.put("allowed", change.nowAllowed());
            tree.put("why", change.why());
            changes.add(tree);
        }
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("removedPods", difference.removedPods());
        tree.put("addedPods", difference.addedPods());
        tree.put("changes", changes);
        return tree;
    }
}
