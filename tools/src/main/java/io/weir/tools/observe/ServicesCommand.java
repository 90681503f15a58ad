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

/** {@code weir services}: the Services that a running weir serves, with their backends. */
@Command(
        name = "services",
        mixinStandardHelpOptions = true,
        description = "Print the Services as they are served now: addresses, policies, backends and their connections.",
        footer = {"", "Examples:", "  weir services", "  weir services --json | jq .backends"})
public final class ServicesCommand implements Callable<Integer> {
    @Mixin
    private LookOptions look = new LookOptions();

    @Override
    public Integer call() {
        final PrintWriter out = look.out();
        final int[] count = {0};
        look.list(Map.of("request", "services"), service -> {
            count[0]++;
            print(service, out);
        });
        if (!look.isJson() && count[0] == 0) {
            out.println("no Services");
        }
        out.flush();
        return ExitCodes.DONE;
    }

    private static void print(JsonNode service, PrintWriter out) {
        final String port = service.path("port").asText();
        out.println(service.path("namespace").asText() + "/"
                + service.path("name").asText()
                + (port.isEmpty() ? "" : ":" + port) + " "
                + service.path("protocol").asText() + " "
                + service.path("family").asText() + ", "
                + service.path("scheduler").asText()
                + (service.path("affinitySeconds").asLong() == 0
                        ? ""
                        : ", affinity " + service.path("affinitySeconds").asLong() + " s"));
        final List<String> addresses = new ArrayList<>();
        service.path("addresses").forEach(address -> addresses.add(address.asText()));
        out.println("  " + String.join(", ", addresses));
        out.println("  from inside: " + service.path("internal").asText() + " (policy "
                + service.path("internalTrafficPolicy").asText() + "), from outside: "
                + service.path("external").asText() + " (policy "
                + service.path("externalTrafficPolicy").asText() + ")");
        final TextTable table = new TextTable(
                "  BACKEND", "TARGET", "NODE", "STATE", ">WEIGHT", ">CONNECTIONS", ">CHOSEN", ">PACKETS", ">BYTES");
        for (final JsonNode backend : service.path("backends")) {
            table.row(
                    "  " + backend.path("address").asText(),
                    backend.path("target").asText(),
                    backend.path("node").asText(),
                    backend.path("state").asText(),
                    backend.path("weight").asText(),
                    backend.path("connections").asText(),
                    backend.path("chosen").asText(),
                    backend.path("packets").asText(),
                    backend.path("bytes").asText());
        }
        if (!table.isEmpty()) {
            table.print(out);
        }
    }
}
