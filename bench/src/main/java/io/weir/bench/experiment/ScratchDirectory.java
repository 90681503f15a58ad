package io.weir.bench.experiment;

import io.weir.dataplane.linux.AtExit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory for the files of one measurement. It is gone with all that is in it after {@link #close()}, also after Ctrl-C. */
public final class ScratchDirectory implements AutoCloseable {
    /** Programs that write into it may be ended at the same moment. */
    private static final int ATTEMPTS = 50;

    private static final long PAUSE_MS = 20;

    private final Path path;
    private final AtExit atExit;

    private ScratchDirectory(Path path) {
        this.path = path;
        atExit = new AtExit("weir-bench-deletes-" + path.getFileName(), this::delete);
    }

    /** An empty one among the machine's temporary files. */
    public static ScratchDirectory create() throws IOException {
        return in(Path.of(System.getProperty("java.io.tmpdir")));
    }

    /** An empty one in that directory. */
    public static ScratchDirectory in(Path parent) throws IOException {
        final Path path = Files.createTempDirectory(parent, "weir-bench");
        try {
            return new ScratchDirectory(path);
        } catch (final IllegalStateException e) {
            Files.delete(path);
            throw new IOException("this virtual machine is ending", e);
        }
    }

    public Path path() {
        return path;
    }

    private void delete() {
        try {
            for (int i = 1; !tryDelete(i == ATTEMPTS); i++) {
                Thread.sleep(PAUSE_MS);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (final IOException | UncheckedIOException e) {
            System.err.println("weir bench: can't remove " + path + ": " + e.getMessage());
        }
    }

    /** False when something came or went meanwhile. */
    private boolean tryDelete(boolean isLast) throws IOException {
        if (!Files.exists(path)) {
            return true;
        }
        try (Stream<Path> tree = Files.walk(path)) {
            final List<Path> children = tree.sorted(Comparator.reverseOrder()).toList();
            for (final Path each : children) {
                Files.deleteIfExists(each);
            }
            return true;
        } catch (final IOException | UncheckedIOException e) {
            if (isLast) {
                throw e;
            }
            return false;
        }
    }

    @Override
    public void close() {
        delete();
        atExit.cancel();
    }
}
