package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.observe.CounterView;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all commands have that look into a running weir: which node, whether in JSON, and where the answer goes. */
public final class LookOptions {
    @Mixin
    private NodeOptions node = new NodeOptions();

    @Option(names = "--json", description = "Print JSON; a list or a stream as one line for each.")
    private boolean json;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    boolean isJson() {
        return json;
    }

    CommandLine commandLine() {
        return command.commandLine();
    }

    PrintWriter out() {
        return commandLine().getOut();
    }

    PrintWriter err() {
        return commandLine().getErr();
    }

    /** The node's run directory. */
    Path directory() {
        return node.directory();
    }

    /** The node's counters, mapped. */
    CounterView counters() {
        return node.counters();
    }

    /** Asks for a list; its elements are printed as JSON, or given to somebody who finds words. */
    void list(Map<String, ?> question, Consumer<JsonNode> inWords) {
        final PrintWriter out = out();
        ApiClient.ask(directory(), question, each -> {
            if (json) {
                out.println(each);
            } else {
                inWords.accept(each);
            }
            return !out.checkError();
        });
    }

    /** The end of a list in words: the table, or a sentence instead of an empty one. */
    void print(TextTable table, String nothing) {
        final PrintWriter out = out();
        if (!json && table.isEmpty()) {
            out.println(nothing);
        } else if (!json) {
            table.print(out);
        }
        out.flush();
    }
}
