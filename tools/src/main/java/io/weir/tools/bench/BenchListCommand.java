package io.weir.tools.bench;

import io.weir.bench.throughput.Scenario;
import io.weir.bench.throughput.Scenarios;
import io.weir.tools.command.Json;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir bench list}. */
@Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the scenarios.")
public final class BenchListCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public void run() {
        final PrintWriter out = spec.commandLine().getOut();
        if (json) {
            final Map<String, String> all = new LinkedHashMap<>();
            Scenarios.all().forEach(scenario -> all.put(scenario.name(), scenario.describe()));
            out.println(Json.pretty(all));
        } else {
            for (final Scenario scenario : Scenarios.all()) {
                out.printf("%-12s %s%n", scenario.name(), scenario.describe());
            }
        }
        out.flush();
    }
}
