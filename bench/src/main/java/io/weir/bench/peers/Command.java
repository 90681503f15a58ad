package io.weir.bench.peers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs other programs, one at a time, to their end. */
public final class Command {
    private static final int TIMEOUT_SECONDS = 120;

    private Command() {}

    /** Whether a shell would find it. */
    public static boolean isOnPath(String program) {
        for (final String directory : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    /**
     * What it printed.
     *
     * @throws IOException when it can't be started, takes two minutes, or ends with another code than 0
     */
    public static String run(Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        final Path output = Files.createTempFile("weir-bench", ".txt");
        output.toFile().deleteOnExit(); // after Ctrl-C
        try {
            final ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            final Process process = builder.start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(command.getFirst() + " did not end in " + TIMEOUT_SECONDS + " seconds");
            }
            final String text = Files.readString(output, StandardCharsets.UTF_8).strip();
            if (process.exitValue() != 0) {
                throw new IOException(command.getFirst() + " ended with " + process.exitValue() + ": "
                        + text.lines().reduce((before, last) -> last).orElse("no message"));
            }
            return text;
        } finally {
            Files.delete(output);
        }
    }
}
