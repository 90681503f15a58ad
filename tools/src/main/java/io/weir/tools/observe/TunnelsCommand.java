package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.command.ExitCodes;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code weir tunnels}: the other ends of a running weir's tunnels. */
@Command(
        name = "tunnels",
        mixinStandardHelpOptions = true,
        description = "Print the nodes at the other ends of the tunnels: addresses, ways, packets, refusals.",
        footer = {
            "",
            "WAY: tunnel; resolving (the next station's Ethernet address is not known yet); direct (DirectRouting: no "
                    + "tunnel towards it, but what it sends by tunnel is taken); none. Bytes are those of the packets inside.",
            "",
            "Examples:",
            "  weir tunnels",
            "  weir tunnels --json | jq 'select(.refused > 0)'"
        })
public final class TunnelsCommand implements Callable<Integer> {
    @Mixin
    private LookOptions look = new LookOptions();

    @Override
    public Integer call() {
        final PrintWriter out = look.out();
        final TextTable table = new TextTable(
                "NETWORK", "PODS", "NODE", "VTEP", "WAY", "HOP", ">SENT", ">BYTES", ">RECEIVED", ">BYTES", ">REFUSED");
        final String[] own = {""};
        look.list(Map.of("request", "tunnels"), line -> {
            if (line.has("flannel")) {
                print(line, out);
            } else {
                own(line, own, out);
                row(line, table);
            }
        });
        look.print(table, "no tunnels");
        return ExitCodes.DONE;
    }

    private static void print(JsonNode node, PrintWriter out) {
        out.println("flannel: " + node.path("flannel").asText()
                + (node.has("podMtu") ? ", pods have MTU " + node.path("podMtu").asInt() : ""));
        node.path("warnings").forEach(warning -> out.println("warning: lease " + warning.asText()));
    }

    /** This node's end, once for each network. */
    private static void own(JsonNode line, String[] last, PrintWriter out) {
        final String network = line.path("network").asText();
        if (!network.equals(last[0])) {
            last[0] = network;
            out.println(network + ": VNI " + line.path("vni").asInt() + ", UDP port "
                    + line.path("port").asInt() + ", this end "
                    + line.path("localAddress").asText() + " "
                    + line.path("localMac").asText() + ", MTU "
                    + line.path("mtu").asInt());
        }
    }

    private static void row(JsonNode line, TextTable table) {
        table.row(
                line.path("network").asText(),
                line.path("subnet").asText(),
                line.path("address").asText(),
                line.path("mac").asText(),
                line.path("way").asText(),
                line.path("hop").isNull() ? "" : line.path("hop").asText(),
                line.path("sentPackets").asText(),
                line.path("sentBytes").asText(),
                line.path("receivedPackets").asText(),
                line.path("receivedBytes").asText(),
                line.path("refused").asText());
    }
}
