package io.weir.tools.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.simulation.Explained;
import io.weir.agent.simulation.ExplainedStage;
import io.weir.agent.simulation.Explainer;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ConfigOptions;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir explain}: runs a made-up packet through the pipeline and says what each stage decides, and why. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description = {
            "Say what would become of a packet, and why: every stage of every node that it passes.",
            "Nothing is sent, and no state changes."
        },
        footer = {
            "",
            "Examples:",
            "  weir explain --config examples/two-pods --from client --to server --port 80/tcp",
            "  weir explain --config DIR --from default/client --to 192.0.2.7 --port 53/udp --json",
            "  echo '{\"from\":\"x/a\",\"to\":\"y/b\",\"port\":\"80/tcp\"}' | weir explain --config DIR --batch",
            "",
            "With --batch, each input line is answered by one line:",
            "  {\"verdict\":\"forward|drop|reject\",\"reason\":...,\"stages\":[...]}",
            "A line that can't be answered gets {\"error\":...}, and the exit code is 1."
        })
public final class ExplainCommand implements Callable<Integer> {
    private static final int SOURCE_PORT = 49_152;

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--from", paramLabel = "POD|IP", description = "Who sends: namespace/pod or an address.")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "POD|IP", description = "Where to: namespace/pod or an address.")
    private @Nullable String to;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "80/tcp",
            description = "80/tcp, 53/udp, 3868/sctp or icmp. Default: ${DEFAULT-VALUE}.")
    private String port = "80/tcp";

    @Option(names = "--source-port", paramLabel = "N", description = "Of the connection. Default: 49152.")
    private int sourcePort = SOURCE_PORT;

    @Option(
            names = "--batch",
            paramLabel = "FILE",
            arity = "0..1",
            fallbackValue = "-",
            description = "Answer questions from a file of JSON lines; without a name, from standard input.")
    private @Nullable String batch;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        if (batch == null && (from == null || to == null)) {
            throw new ParameterException(spec.commandLine(), "give --from and --to, or --batch");
        }
        try (Explainer explainer = new Explainer(config.load(spec.commandLine().getErr()))) {
            if (batch != null) {
                return answerAll(explainer, batch, out);
            }
            final Question question = new Question(String.valueOf(from), String.valueOf(to), port);
            final Explained explained;
            try {
                explained = explainer.explain(question.probe(explainer, sourcePort));
            } catch (final IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
            }
            if (json) {
                out.println(Json.pretty(tree(explained)));
            } else {
                print(explained, question, out);
            }
            out.flush();
            return ExitCodes.DONE;
        }
    }

    private int answerAll(Explainer explainer, String source, PrintWriter out) {
        boolean failed = false;
        try (BufferedReader lines = "-".equals(source)
                ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                : Files.newBufferedReader(Path.of(source))) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                final Map<String, @Nullable Object> answer = answer(explainer, line, number);
                failed |= answer.containsKey("error");
                out.println(Json.line(answer));
                if (!lines.ready()) {
                    out.flush(); // somebody may be waiting for this answer before the next question
                }
            }
        } catch (final IOException e) {
            throw new CommandFailure(source + ": can't be read (" + e.getMessage() + "); name a file of JSON lines", e);
        }
        out.flush();
        return failed ? ExitCodes.FAILED : ExitCodes.DONE;
    }

    private Map<String, @Nullable Object> answer(Explainer explainer, String line, int number) {
        try {
            final JsonNode tree = Json.MAPPER.readTree(line);
            final Question question = new Question(field(tree, "from"), field(tree, "to"), field(tree, "port"));
            return tree(explainer.explain(question.probe(explainer, sourcePort)));
        } catch (final JsonProcessingException e) {
            return error(number, "is no JSON: " + e.getOriginalMessage());
        } catch (final IllegalArgumentException e) {
            return error(number, String.valueOf(e.getMessage()));
        }
    }

    private static String field(JsonNode tree, String name) {
        final JsonNode value = tree.get(name);
        if (value == null || !value.isValueNode()) {
            throw new IllegalArgumentException("'" + name
                    + "' is missing; write {\"from\":\"ns/pod\",\"to\":\"ns/pod or IP\",\"port\":\"80/tcp\"}");
        }
        return value.asText();
    }

    private static Map<String, @Nullable Object> error(int number, String message) {
        final Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("error", "line " + number + ": " + message);
        return answer;
    }

    private static Map<String, @Nullable Object> tree(Explained explained) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        final DropReason reason = explained.reason();
        tree.put("verdict", explained.verdict());
        tree.put("reason", reason == null ? null : reason.label());
        tree.put("to", explained.to());
        tree.put("source", explained.source());
        tree.put("destination", explained.destination());
        tree.put("stages", explained.stages().stream().map(ExplainCommand::tree).toList());
        return tree;
    }

    private static Map<String, Object> tree(ExplainedStage stage) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("node", stage.node());
        tree.put("stage", stage.stage());
        tree.put("verdict", stage.verdict());
        tree.put("because", stage.because());
        return tree;
    }

    private static void print(Explained explained, Question question, PrintWriter out) {
        out.println(question.from() + " to " + question.to() + ", " + question.port());
        String node = "";
        for (final ExplainedStage stage : explained.stages()) {
            if (!stage.node().equals(node)) {
                node = stage.node();
                out.println("on " + node + ":");
            }
            final List<String> because = stage.because();
            out.printf(
                    "  %-13s %-9s %s%n", stage.stage(), stage.verdict(), because.isEmpty() ? "" : because.getFirst());
            because.stream().skip(1).forEach(sentence -> out.printf("  %-23s %s%n", "", sentence));
        }
        final DropReason reason = explained.reason();
        if (reason == null) {
            out.println("=> " + explained.verdict() + " to " + explained.to() + " as " + explained.source() + " > "
                    + explained.destination());
        } else {
            out.println("=> " + explained.verdict() + ": " + reason.label() + ". " + reason.sentence());
        }
    }
}
