package io.weir.bench.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ScratchDirectoryTest {
    @Test
    void goesWithAllThatIsInIt() throws Exception {
        final Path path;
        try (ScratchDirectory directory = ScratchDirectory.create()) {
            path = directory.path();
            Files.writeString(Files.createDirectories(path.resolve("a/b")).resolve("c"), "text");
            assertThat(path).isDirectory();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void goesAlthoughSomebodyStillWritesIntoIt() throws Exception {
        final ScratchDirectory directory = ScratchDirectory.create();
        final Path path = directory.path();
        final AtomicBoolean isOver = new AtomicBoolean();
        final Thread writer = Thread.ofVirtual().start(() -> {
            for (int i = 0; !isOver.get(); i++) {
                try {
                    Files.writeString(path.resolve("file" + i), "text");
                } catch (final java.io.IOException e) {
                    return; // the directory is gone
                }
            }
        });
        directory.close();
        isOver.set(true);
        writer.join();
        assertThat(path).doesNotExist();
    }
}
