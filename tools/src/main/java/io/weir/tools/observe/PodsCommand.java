package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.command.ExitCodes;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code weir pods}: the pods of a running node. */
@Command(
        name = "pods",
        mixinStandardHelpOptions = true,
        description =
                "Print the pods of a running node: addresses, ports, and the directions in which policies isolate them.",
        footer = {"", "Examples:", "  weir pods", "  weir pods --json | jq .addresses"})
public final class PodsCommand implements Callable<Integer> {
    @Mixin
    private LookOptions look = new LookOptions();

    @Override
    public Integer call() {
        final TextTable table = new TextTable("POD", "ADDRESSES", "STATE", "BY", ">PORT", "MAC", ">MTU", "ISOLATED");
        look.list(
                Map.of("request", "pods"),
                pod -> table.row(
                        pod.path("pod").asText(),
                        Lists.joined(pod.path("addresses")),
                        pod.path("state").asText()
                                + (pod.has("reason") ? ": " + pod.path("reason").asText() : ""),
                        pod.path("by").asText(),
                        text(pod, "port"),
                        pod.path("mac").asText(),
                        text(pod, "mtu"),
                        Lists.joined(pod.path("isolated"))));
        look.print(table, "no pods");
        return ExitCodes.DONE;
    }

    private static String text(JsonNode pod, String field) {
        return pod.has(field) ? pod.path(field).asText() : "";
    }
}
