package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.capture.FilterExpression;
import io.weir.tools.command.ExitCodes;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code weir trace}: what becomes of packets as they pass, stage by stage. */
@Command(
        name = "trace",
        mixinStandardHelpOptions = true,
        description = "Show packets as they pass: what each stage says, and what becomes of them.",
        footer = {
            "",
            "FILTER is a pcap filter expression, see pcap-filter(7); it is applied to packets as they come, out of their "
                    + "tunnel. While somebody traces, all packets take the pipeline and not the flow cache: the node is slower. A "
                    + "trace that can't keep up loses packets and says how many; forwarding never waits for it.",
            "",
            "Examples:",
            "  weir trace",
            "  weir trace 'tcp port 80 and host 10.0.0.7'",
            "  weir trace --count 10 --json icmp or icmp6"
        })
public final class TraceCommand implements Callable<Integer> {
    @Mixin
    private LookOptions look = new LookOptions();

    @Parameters(paramLabel = "FILTER", arity = "0..*", description = "Show only packets that match.")
    private List<String> filter = List.of();

    @Option(names = "--count", paramLabel = "N", description = "End after this many packets.")
    private long count = Long.MAX_VALUE;

    private long seen;

    @Override
    public Integer call() {
        final PrintWriter out = look.out();
        final PrintWriter err = look.err();
        final FilterExpression expression = Filters.compile(look.commandLine(), filter);
        ApiClient.ask(look.directory(), Map.of("request", "trace", "filter", expression.instructions()), answer -> {
            if (answer.has("ready")) {
                err.println("tracing; Ctrl-C ends it");
                err.flush();
                return seen < count;
            }
            if (answer.has("lost")) {
                err.println("lost " + answer.get("lost").asLong() + " packets so far: they come too fast");
                err.flush();
                return true;
            }
            seen++;
            if (look.isJson()) {
                out.println(answer);
            } else {
                print(answer, out);
            }
            out.flush();
            return seen < count && !out.checkError();
        });
        return ExitCodes.DONE;
    }

    private static void print(JsonNode packet, PrintWriter out) {
        out.println(PacketText.line(packet, packet.path("from").asText()));
        for (final JsonNode stage : packet.path("stages")) {
            String because = "";
            for (final JsonNode sentence : stage.path("because")) {
                because += (because.isEmpty() ? "" : "; ") + sentence.asText();
            }
            out.printf(
                    "    %-13s %-9s %s%n",
                    stage.path("stage").asText(), stage.path("verdict").asText(), because);
        }
        final String verdict = packet.path("verdict").asText();
        if (verdict.equals("forward")) {
            out.println("    => forward to " + packet.path("to").asText() + " as "
                    + packet.path("source").asText() + " > "
                    + packet.path("destination").asText());
        } else {
            final String reason = packet.path("reason").asText("");
            out.println("    => " + verdict + (reason.isEmpty() || reason.equals("null") ? "" : ": " + reason));
        }
    }
}
