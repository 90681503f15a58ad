package io.weir.dataplane.linux;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Java program of this build as a process. Its output is read by a thread of its own, because a read of a pipe takes no
 * interrupt: so every wait for it has a limit, and what it said is there when it failed. It is printed, too, for whoever looks
 * at a failed test.
 */
public final class JavaProcess implements AutoCloseable {
    /** The option of a program whose code is to be compiled as in production. */
    public static final String C2 = "-XX:TieredStopAtLevel=4";

    private static final long LIMIT_S = 90;

    private final Process process;
    private final Thread reader;
    private final List<String> lines = new ArrayList<>();
    private boolean isSilent;

    /**
     * The command line of a program with weir's classes and rights. Ctrl-C ends it as ./weir does: in a build in the
     * background INT is ignored, and Java leaves it so. It lives for some seconds, in which C2 costs more than it gives.
     *
     * @param options of the virtual machine, beside those that all need: {@link #C2} for what is to be as fast as ever
     */
    public static List<String> command(List<String> options, Class<?> program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT",
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Starts a program beside this one. */
    public static JavaProcess start(List<String> command) {
        try {
            return new JavaProcess(
                    new ProcessBuilder(command).redirectErrorStream(true).start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a program in a network namespace, which ends it, too, when it is closed. */
    public static JavaProcess start(TopologyNamespaces net, String label, List<String> command) {
        return new JavaProcess(net.start(label, command.toArray(String[]::new)));
    }

    private JavaProcess(Process process) {
        this.process = process;
        reader = Thread.ofPlatform().daemon().name("output-" + process.pid()).start(this::read);
    }

    private void read() {
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                System.out.println(line);
                add(line);
            }
        } catch (IOException e) {
            add("(no more output: " + e.getMessage() + ")"); // it was killed
        } finally {
            endOfOutput();
        }
    }

    private synchronized void add(String line) {
        lines.add(line);
        notifyAll();
    }

    private synchronized void endOfOutput() {
        isSilent = true;
        notifyAll();
    }

    /**
     * Waits until each of the texts has been in some line; which comes first is up to the program's threads.
     *
     * @return all lines so far
     */
    public synchronized List<String> await(String... texts) {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        try {
            while (!Arrays.stream(texts).allMatch(text -> lines.stream().anyMatch(line -> line.contains(text)))) {
                long leftMs = (endNs - System.nanoTime()) / 1_000_000;
                if (isSilent || leftMs <= 0) {
                    throw new AssertionError((isSilent ? "it ended" : "waited in vain for " + List.of(texts)) + ":\n"
                            + String.join("\n", lines));
                }
                wait(leftMs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return List.copyOf(lines);
    }

    /** All lines so far. */
    public synchronized String text() {
        return String.join("\n", lines);
    }

    /** Sends a signal by its name, such as INT. */
    public void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for its end; then {@link #text} is all that it said. Returns its exit code. */
    public int awaitEnd() {
        try {
            if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("it does not end:\n" + text());
            }
            reader.join(TimeUnit.SECONDS.toMillis(LIMIT_S));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return process.exitValue();
    }

    /** Ends it by SIGTERM, and waits for that. Returns its exit code. */
    public int stop() {
        process.destroy();
        return awaitEnd();
    }

    /** Kills it as the kernel does when memory runs out. Returns its exit code. */
    public int kill() {
        process.destroyForcibly();
        return awaitEnd();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        kill();
    }
}
