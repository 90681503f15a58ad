package io.weir.tools.observe;

import io.weir.tools.command.ExitCodes;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code weir nodes}: the cluster's nodes as a running node sees them. */
@Command(
        name = "nodes",
        mixinStandardHelpOptions = true,
        description = "Print the cluster's nodes as a running node sees them, and how it reaches their pods.",
        footer = {"", "Examples:", "  weir nodes", "  weir nodes --json | jq .podRanges"})
public final class NodesCommand implements Callable<Integer> {
    @Mixin
    private LookOptions look = new LookOptions();

    @Override
    public Integer call() {
        final TextTable table = new TextTable("NODE", "ADDRESSES", "POD RANGES", "WAY TO ITS PODS");
        look.list(
                Map.of("request", "nodes"),
                each -> table.row(
                        each.path("node").asText(),
                        Lists.joined(each.path("addresses")),
                        Lists.joined(each.path("podRanges")),
                        each.path("way").asText()));
        look.print(table, "no nodes");
        return ExitCodes.DONE;
    }
}
