package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** As /proc shows it (proc_pid_stat(5)): field 19 is the nice value, 40 the real-time priority, 41 the policy. */
class ThreadPriorityTest {
    private static final int NICE = 19;
    private static final int REAL_TIME_PRIORITY = 40;
    private static final int POLICY = 41;

    @Test
    void anOrdinaryThreadKeepsWhatItHas() throws Exception {
        assertThat(fieldsAfter(ThreadPriority::promptCurrentThread)).isEqualTo(fieldsAfter(() -> {}));
    }

    @Test
    void aRealTimeOneIsFirstInFirstOut() throws Exception {
        assertThat(fieldsAfter(allowed(ThreadPriority::realtimeCurrentThread))).containsExactly("0", "1", "1");
    }

    /** Not every machine lets a test do that. */
    private static Runnable allowed(Runnable change) {
        return () -> {
            try {
                change.run();
            } catch (final LinuxException e) {
                Assumptions.abort(String.valueOf(e.getMessage()));
            }
        };
    }

    /** In a thread of its own, which ends with it. */
    private static String[] fieldsAfter(Runnable change) throws InterruptedException, ExecutionException {
        final CompletableFuture<String[]> fields = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                change.run();
                final String stat = Files.readString(Path.of("/proc/thread-self/stat"));
                final String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
                fields.complete(new String[] {words[NICE - 3], words[REAL_TIME_PRIORITY - 3], words[POLICY - 3]});
            } catch (final IOException e) {
                fields.completeExceptionally(new UncheckedIOException(e));
            } catch (final RuntimeException e) {
                fields.completeExceptionally(e);
            }
        });
        return fields.get();
    }
}
