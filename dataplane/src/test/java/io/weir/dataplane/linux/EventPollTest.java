package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.weir.dataplane.memory.OffHeap;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An event counter of the kernel's stands for a port: writing to it makes it readable. */
class EventPollTest {
    private static final int LONG_MS = 10_000;

    private final EventPoll poll = EventPoll.open();
    private final int file = LinuxCalls.eventfd(0, LinuxCalls.O_NONBLOCK | LinuxCalls.O_CLOEXEC);
    private final long number = OffHeap.allocate(Long.BYTES);

    @AfterEach
    void close() {
        poll.close();
        LinuxCalls.close(file);
        OffHeap.free(number);
    }

    private void arrive() {
        OffHeap.putLong(number, 1);
        assertThat(LinuxCalls.write(file, number, Long.BYTES)).isEqualTo(Long.BYTES);
    }

    @Test
    void nothingHappensUntilTimeIsUp() {
        poll.add(file);
        final long startNs = System.nanoTime();
        assertThat(poll.await(20)).isFalse();
        assertThat(System.nanoTime() - startNs).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(19));
    }

    @Test
    void whatArrivedBeforeEndsTheWaitOnce() {
        arrive();
        poll.add(file);
        assertThat(poll.await(LONG_MS)).isTrue();
        assertThat(poll.await(0)).as("still readable, but nothing new").isFalse();
        arrive();
        assertThat(poll.await(LONG_MS)).isTrue();
    }

    @Test
    void whatWasReadMeanwhileDoesNotEndIt() {
        poll.add(file);
        arrive();
        assertThat(LinuxCalls.read(file, number, Long.BYTES)).isEqualTo(Long.BYTES);
        assertThat(poll.await(0)).isFalse();
    }

    @Test
    void arrivalsOfSeveralFilesAreNotLost() {
        final int other = LinuxCalls.eventfd(1, LinuxCalls.O_NONBLOCK | LinuxCalls.O_CLOEXEC);
        poll.add(file);
        poll.add(other);
        arrive();
        assertThat(poll.await(0)).isTrue();
        assertThat(poll.await(0)).isTrue();
        assertThat(poll.await(0)).isFalse();
        LinuxCalls.close(other);
    }

    @Test
    void aRemovedFileIsForgotten() {
        poll.add(file);
        poll.remove(file);
        arrive();
        assertThat(poll.await(0)).isFalse();
        poll.remove(file);
    }

    @Test
    void aWakeBeforeTheWaitEndsItToo() {
        for (int i = 0; i < 3; i++) {
            poll.wake();
            poll.wake();
            assertThat(poll.await(LONG_MS)).isTrue();
            assertThat(poll.await(0)).isFalse();
        }
    }

    @Test
    void anotherThreadWakesIt() throws InterruptedException {
        final Thread other = Thread.ofPlatform().start(() -> {
            try {
                Thread.sleep(30);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            poll.wake();
        });
        final long startNs = System.nanoTime();
        assertThat(poll.await(LONG_MS)).isTrue();
        assertThat(System.nanoTime() - startNs).isLessThan(TimeUnit.MILLISECONDS.toNanos(LONG_MS / 2));
        other.join();
    }

    @Test
    void waitingAllocatesNothingOnceItIsCompiled() {
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        poll.add(file);
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 100 && allocated != 0; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 5000; i++) {
                poll.await(0);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).isZero();
    }

    @Test
    void whatIsNoOpenFileIsSaid() {
        assertThatThrownBy(() -> poll.add(1_000_000))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("waiting for file 1000000");
    }
}
