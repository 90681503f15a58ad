package io.weir.agent.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.linux.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeFileTest {
    @TempDir
    private Path directory;

    private Path path;
    private SafeFile file;

    @BeforeEach
    void make() {
        path = directory.resolve("attachments");
        file = new SafeFile(path, "weir-test", 1);
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        assertThat(file.read()).isNull();
        file.write("one\ntwo\n");
        file.write("ünï\n");
        assertThat(file.read()).isEqualTo("ünï\n");
        assertThat(directory).isDirectoryContaining(path::equals).isDirectoryNotContaining("glob:**.new");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-------");
    }

    @Test
    void everyChangedByteAndEveryCutIsNoticed() throws IOException {
        file.write("some text");
        final byte[] whole = Files.readAllBytes(path);
        for (int i = 0; i < whole.length; i++) {
            final byte[] changed = whole.clone();
            changed[i] ^= 1;
            Files.write(path, changed);
            assertThatThrownBy(file::read).as("byte %d", i).isInstanceOf(SafeFile.DamagedException.class);
            Files.write(path, Arrays.copyOf(whole, i));
            assertThatThrownBy(file::read).as("cut at %d", i).isInstanceOf(SafeFile.DamagedException.class);
        }
        assertThatThrownBy(() -> new SafeFile(path, "weir-test", 2).read()).isInstanceOf(IOException.class);
    }

    /** Writes until it is killed. */
    public static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) throws IOException {
            final SafeFile file = new SafeFile(Path.of(arguments[0]), "weir-test", 1);
            for (int i = 0; ; i++) {
                file.write((i + "\n").repeat(20_000));
                if (i == 0) {
                    System.out.println("began");
                }
            }
        }
    }

    @Test
    void whoeverKillsTheWriterFindsAWholeFile() throws Exception {
        for (int round = 0; round < 3; round++) {
            try (JavaProcess writer =
                    JavaProcess.start(JavaProcess.command(List.of(), Writer.class, path.toString()))) {
                writer.await("began");
                TimeUnit.MILLISECONDS.sleep(30 + 17 * round);
            }
            final String text = Objects.requireNonNull(file.read());
            final String first = text.substring(0, text.indexOf('\n') + 1);
            assertThat(text).isEqualTo(first.repeat(20_000));
        }
    }
}
