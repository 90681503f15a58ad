package io.weir.tools;

import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;

/**
 * What {@code ./weir} runs once after a build, so that the Java virtual machine can write down which classes commands load
 * (its ahead-of-time cache) and start them fast from then on. Its output goes nowhere.
 */
final class TrainingRun {
    private TrainingRun() {}

    /** Takes the directory of the examples. */
    public static void main(String[] arguments) {
        final String config = Path.of(arguments[0], "two-pods").toString();
        final List<List<String>> commands = List.of(
                List.of("--help"),
                List.of("config", "--help"),
                List.of("config", "--config", config),
                List.of("config", "--config", config, "--json"),
                List.of("explain", "--config", config, "--from", "client", "--to", "server"),
                List.of(
                        "explain",
                        "--config",
                        config,
                        "--from",
                        "client",
                        "--to",
                        "192.0.2.1",
                        "--port",
                        "53/udp",
                        "--json"),
                List.of("graph", "--config", config),
                List.of("confgi"));
        for (final List<String> command : commands) {
            final CommandLine commandLine = Weir.commandLine();
            commandLine.setOut(new PrintWriter(Writer.nullWriter()));
            commandLine.setErr(new PrintWriter(Writer.nullWriter()));
            commandLine.execute(command.toArray(String[]::new));
        }
    }
}
