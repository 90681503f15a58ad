package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.command.ExitCodes;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir pods}: the pods of a running node. */
@Command(
        name = "pods",
        mixinStandardHelpOptions = true,
        description =
                "Print the pods of a running node: addresses, ports, and the directions in which policies isolate them.",
        footer = {"", "Examples:", "  weir pods", "  weir pods --json | jq .addresses"})
public final class PodsCommand implements Callable<Integer> {
    @Mixin
    private NodeOptions node = new NodeOptions();

    @Option(names = "--json", description = "Print a line of JSON for each pod.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        final TextTable table = new TextTable("POD", "ADDRESSES", "STATE", "BY", ">PORT", "MAC", ">MTU", "ISOLATED");
        ApiClient.ask(node.directory(), Map.of("request", "pods"), pod -> {
            if (json) {
                out.println(pod);
            } else {
                table.row(
                        pod.path("pod").asText(),
                        Lists.joined(pod.path("addresses")),
                        pod.path("state").asText()
                                + (pod.has("reason") ? ": " + pod.path("reason").asText() : ""),
                        pod.path("by").asText(),
                        text(pod, "port"),
                        pod.path("mac").asText(),
                        text(pod, "mtu"),
                        Lists.joined(pod.path("isolated")));
            }
            return !out.checkError();
        });
        Lists.print(table, json, "no pods", out);
        return ExitCodes.DONE;
    }

    private static String text(JsonNode pod, String field) {
        return pod.has(field) ? pod.path(field).asText() : "";
    }
}
