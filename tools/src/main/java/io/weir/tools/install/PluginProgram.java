package io.weir.tools.install;

import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The plugin's executable, compiled when it is installed: so that weir builds where there is no C compiler. */
final class PluginProgram {
    private static final String SOURCE = "weir-cni.c";
    private static final long PATIENCE_S = 60;

    private PluginProgram() {}

    /** @throws CommandFailure when there is no compiler, with what to do about it */
    static byte[] compile() {
        try {
            final Path folder = Files.createTempDirectory("weir-cni");
            final Path source = folder.resolve(SOURCE);
            final Path program = folder.resolve("weir");
            try (InputStream text = PluginProgram.class.getResourceAsStream(SOURCE)) {
                if (text == null) {
                    throw new IllegalStateException(SOURCE + " is part of weir");
                }
                Files.copy(text, source);
                run("cc", "-O2", "-static", "-o", program.toString(), source.toString());
                return Files.readAllBytes(program);
            } finally {
                Files.deleteIfExists(program);
                Files.deleteIfExists(source);
                Files.delete(folder);
            }
        } catch (final IOException e) {
            throw new CommandFailure("the CNI plugin can't be compiled: " + e, e);
        }
    }

    private static void run(String... command) throws IOException {
        final Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (final IOException e) {
            throw new CommandFailure(
                    "the CNI plugin is a small C program, and there is no C compiler (cc): install one (Debian:"
                            + " apt-get install gcc libc6-dev), or give --plugin with a program that was compiled"
                            + " elsewhere",
                    e);
        }
        try {
            final String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new CommandFailure(
                        "the CNI plugin can't be compiled (Debian: apt-get install gcc libc6-dev):\n" + said.strip());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
