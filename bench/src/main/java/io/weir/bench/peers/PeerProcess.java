package io.weir.bench.peers;

import io.weir.dataplane.linux.AtExit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A peer's process: can be paused, is killed at the end, at the latest with the virtual machine. */
final class PeerProcess implements AutoCloseable {
    /** Clock ticks of /proc, the same on every Linux that Java runs on. */
    private static final double TICKS_PER_SECOND = 100;

    private final Process process;
    private final Path output;
    private final AtExit killer;

    /**
     * @param output takes all that it prints
     */
    PeerProcess(Map<String, String> environment, List<String> command, Path output) throws IOException {
        this.output = output;
        final ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        process = builder.start();
        try {
            killer = new AtExit("weir-bench-kills-" + command.getFirst(), process::destroyForcibly);
        } catch (final IllegalStateException e) {
            process.destroyForcibly();
            throw new IOException("this virtual machine is ending", e);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Writes a line to its standard input. */
    void type(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
    }

    /** What it has printed so far. */
    String printed() throws IOException {
        return Files.readString(output, java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    /** Where its output has got to. */
    long printedLength() throws IOException {
        return Files.size(output);
    }

    /** Its threads stop where they are. */
    void pause() throws IOException, InterruptedException {
        signal("-STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        if (!process.isAlive()) {
            throw new IOException("it has ended: " + lastWords());
        }
        Command.run(Map.of(), List.of("kill", name, Long.toString(process.pid())));
    }

    /** The end of its output, on one line. */
    String lastWords() throws IOException {
        final List<String> lines =
                printed().lines().filter(line -> !line.isBlank()).toList();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
    }

    /** CPU time that all its threads have used. */
    double cpuSeconds() throws IOException {
        final String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        killer.cancel();
    }
}
