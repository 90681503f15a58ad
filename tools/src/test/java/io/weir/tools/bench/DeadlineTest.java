package io.weir.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DeadlineTest {
    @Test
    void aProcessThatHangsIsEnded() throws Exception {
        final Process process = new ProcessBuilder("sleep", "1000").start();
        try (Deadline deadline = new Deadline(process, 1)) {
            assertThat(process.waitFor()).isNotZero();
            assertThat(deadline.isMissed()).isTrue();
        }
    }

    @Test
    void oneThatEndsInTimeIsNot() throws Exception {
        final Process process = new ProcessBuilder("true").start();
        try (Deadline deadline = new Deadline(process, 1000)) {
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(deadline.isMissed()).isFalse();
        }
    }
}
