package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.command.ExitCodes;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir conntrack}: the connections that a running weir tracks. */
@Command(
        name = "conntrack",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "list|count|flush",
        description = "List, count or end the connections that weir tracks.",
        footer = {
            "",
            "Examples:",
            "  weir conntrack list --protocol tcp --destination-port 443",
            "  weir conntrack count --snat",
            "  weir conntrack flush --source 10.0.1.7",
            "",
            "A flushed connection's next packet is judged anew, as that of a connection whose beginning was missed."
        })
public final class ConntrackCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say list, count or flush");
    }

    private static Map<String, Object> question(String action, ConnectionOptions which) {
        final Map<String, Object> question = new LinkedHashMap<>();
        question.put("request", "connections");
        question.put("do", action);
        question.putAll(which.fields());
        return question;
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Print connections.")
    int list(@Mixin LookOptions look, @Mixin ConnectionOptions which) {
        final PrintWriter out = look.out();
        final List<JsonNode> connections = new ArrayList<>();
        look.list(question("list", which), connections::add);
        if (!look.isJson()) {
            final TextTable table = new TextTable(
                    "PROTOCOL",
                    "STATE",
                    "SOURCE",
                    "DESTINATION",
                    "REPLY FROM",
                    "REPLY TO",
                    ">PACKETS",
                    ">REPLIES",
                    ">AGE S",
                    ">EXPIRES S");
            for (final JsonNode each : connections) {
                table.row(
                        each.path("protocol").asText(),
                        each.path("state").asText(),
                        each.path("source").asText(),
                        each.path("destination").asText(),
                        each.path("destinationTranslated").asBoolean()
                                ? each.path("replySource").asText()
                                : "",
                        each.path("sourceTranslated").asBoolean()
                                ? each.path("replyDestination").asText()
                                : "",
                        each.path("packets").asText(),
                        each.path("replyPackets").asText(),
                        each.path("ageSeconds").asText(),
                        each.path("expiresInSeconds").asText());
            }
            table.print(out);
        }
        out.flush();
        return ExitCodes.DONE;
    }

    @Command(name = "count", mixinStandardHelpOptions = true, description = "Print how many connections there are.")
    int count(@Mixin LookOptions look, @Mixin ConnectionOptions which) {
        ask(
                look,
                question("count", which),
                answer -> look.isJson()
                        ? answer.toString()
                        : answer.path("count").asText() + " of "
                                + answer.path("capacity").asText());
        return ExitCodes.DONE;
    }

    @Command(name = "flush", mixinStandardHelpOptions = true, description = "End connections now.")
    int flush(
            @Mixin LookOptions look,
            @Mixin ConnectionOptions which,
            @Option(names = "--all", description = "Every connection; needed when nothing selects some.") boolean all) {
        if (!all && which.fields().isEmpty()) {
            throw new ParameterException(
                    spec.subcommands().get("flush"), "say which connections to end, or --all for every one");
        }
        ask(
                look,
                question("flush", which),
                answer -> look.isJson()
                        ? answer.toString()
                        : answer.path("flushed").asText() + " connections ended");
        return ExitCodes.DONE;
    }

    private interface Sentence {
        String of(JsonNode answer);
    }

    private static void ask(LookOptions look, Map<String, Object> question, Sentence sentence) {
        final PrintWriter out = look.out();
        final Predicate<JsonNode> print = answer -> {
            out.println(sentence.of(answer));
            return true;
        };
        ApiClient.ask(look.directory(), question, print);
        out.flush();
    }
}
