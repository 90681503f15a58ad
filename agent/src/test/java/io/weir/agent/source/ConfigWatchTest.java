package io.weir.agent.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens in a directory while it is watched. */
class ConfigWatchTest {
    private static final int TURNS = 2_000;

    @TempDir
    private Path directory;

    private static void await(ConfigWatch watch) throws IOException {
        final long endNs = System.nanoTime() + 20_000_000_000L;
        while (!watch.hasSettledChange(System.nanoTime())) {
            assertThat(System.nanoTime()).as("waited in vain").isLessThan(endNs);
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** An editor deletes and makes files while the watch looks for new directories: between their names and their kinds. */
    @Test
    void whatComesAndGoesWhileItLooksIsNoTrouble() throws Exception {
        final AtomicBoolean isEnding = new AtomicBoolean();
        try (ConfigWatch watch = new ConfigWatch(directory)) {
            final Thread editor = Thread.ofPlatform().start(() -> comeAndGo(isEnding));
            try {
                for (int i = 0; i < TURNS; i++) {
                    watch.hasSettledChange(System.nanoTime());
                    LockSupport.parkNanos(20_000);
                }
            } finally {
                isEnding.set(true);
                editor.join();
            }
            await(watch);
            Files.writeString(directory.resolve("after.yaml"), "x");
            await(watch);
        }
    }

    private void comeAndGo(AtomicBoolean isEnding) {
        try {
            while (!isEnding.get()) {
                for (int i = 0; i < 8; i++) {
                    Files.writeString(directory.resolve("file-" + i), "x");
                    Files.createDirectory(directory.resolve("directory-" + i));
                }
                for (int i = 0; i < 8; i++) {
                    Files.delete(directory.resolve("file-" + i));
                    Files.delete(directory.resolve("directory-" + i));
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aDirectoryThatComesIsWatchedToo() throws IOException {
        try (ConfigWatch watch = new ConfigWatch(directory)) {
            final Path below = Files.createDirectory(directory.resolve("below"));
            await(watch);
            Files.writeString(below.resolve("a.yaml"), "x");
            await(watch);
            assertThat(watch.hasSettledChange(System.nanoTime() + 1_000_000_000L))
                    .isFalse();
        }
    }

    @Test
    void aDirectoryThatIsNotThereIsSaid() {
        final Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> new ConfigWatch(missing).close()).isInstanceOf(NoSuchFileException.class);
    }
}
