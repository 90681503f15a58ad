package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.command.ExitCodes;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code weir policy rules}: what each policy rule has decided on a running node. */
@Command(
        name = "rules",
        mixinStandardHelpOptions = true,
        description = "Print how often each policy rule of a running weir decided, the busiest first.",
        footer = {
            "",
            "A rule decides about the first packet of each flow, and once more after each change that concerns the flow; packets "
                    + "of flows that are known are not counted. Counts begin anew when the policies of the rule's pods change.",
            "",
            "Examples:",
            "  weir policy rules",
            "  weir policy rules --all --json"
        })
public final class PolicyRulesCommand implements Callable<Integer> {
    private static final int FEW = 3;

    @Mixin
    private LookOptions look = new LookOptions();

    @Option(names = "--all", description = "Rules that have decided nothing yet as well.")
    private boolean all;

    @Override
    public Integer call() {
        final PrintWriter out = look.out();
        final TextTable table = new TextTable(">DECISIONS", "PODS", "VERDICT");
        ApiClient.ask(look.directory(), Map.of("request", "policies"), rule -> {
            if (!all && rule.path("decisions").asLong() == 0) {
                return true;
            }
            if (look.isJson()) {
                out.println(rule);
            } else {
                table.row(
                        rule.path("decisions").asText(),
                        pods(rule.path("pods")),
                        rule.path("verdict").asText());
            }
            return !out.checkError();
        });
        look.print(table, all ? "no policy selects a pod of this node" : "no rule has decided anything yet");
        return ExitCodes.DONE;
    }

    private static String pods(JsonNode pods) {
        final List<String> names = new ArrayList<>();
        for (int i = 0; i < Math.min(FEW, pods.size()); i++) {
            names.add(pods.get(i).asText());
        }
        return String.join(", ", names) + (pods.size() > FEW ? " and " + (pods.size() - FEW) + " more" : "");
    }
}
