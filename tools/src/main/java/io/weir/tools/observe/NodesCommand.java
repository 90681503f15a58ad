package io.weir.tools.observe;

import io.weir.tools.command.ExitCodes;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir nodes}: the cluster's nodes as a running node sees them. */
@Command(
        name = "nodes",
        mixinStandardHelpOptions = true,
        description = "Print the cluster's nodes as a running node sees them, and how it reaches their pods.",
        footer = {"", "Examples:", "  weir nodes", "  weir nodes --json | jq .podRanges"})
public final class NodesCommand implements Callable<Integer> {
    @Mixin
    private NodeOptions node = new NodeOptions();

    @Option(names = "--json", description = "Print a line of JSON for each node.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        final TextTable table = new TextTable("NODE", "ADDRESSES", "POD RANGES", "WAY TO ITS PODS");
        ApiClient.ask(node.directory(), Map.of("request", "nodes"), each -> {
            if (json) {
                out.println(each);
            } else {
                table.row(
                        each.path("node").asText(),
                        Lists.joined(each.path("addresses")),
                        Lists.joined(each.path("podRanges")),
                        each.path("way").asText());
            }
            return !out.checkError();
        });
        Lists.print(table, json, "no nodes", out);
        return ExitCodes.DONE;
    }
}
