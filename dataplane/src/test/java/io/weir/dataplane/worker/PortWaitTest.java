package io.weir.dataplane.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.port.NullPort;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PortWaitTest {
    private static final long QUARTER_NS = TimeUnit.MILLISECONDS.toNanos(250);

    private final AtomicBoolean hasCommands = new AtomicBoolean();
    private final PortWait wait =
            PortWait.realtime(hasCommands::get, new RealtimeShare(() -> {}, () -> {}, System.nanoTime()));

    @AfterEach
    void close() {
        wait.close();
    }

    /** How often an idle worker looks around in a quarter of a second, after it has gone to sleep. */
    private int turns() {
        int count = 0;
        final long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < QUARTER_NS) {
            wait.idle(0);
            count++;
        }
        return count;
    }

    private void fallAsleep() {
        for (int i = 0; i < 100; i++) {
            wait.idle(0);
        }
    }

    @Test
    void anIdleWorkerLooksAroundNowAndThen() {
        wait.add(new NullPort("far"));
        turns();
        assertThat(turns()).isBetween(2, 40);
    }

    @Test
    void anOrdinaryWorkerSleepsSoonAfterItsLastPacket() {
        try (PortWait ordinary = PortWait.ordinary(hasCommands::get)) {
            final long startNs = System.nanoTime();
            while (System.nanoTime() - startNs < QUARTER_NS) {
                ordinary.idle(0);
            }
            int turns = 0;
            final long asleepNs = System.nanoTime();
            while (System.nanoTime() - asleepNs < QUARTER_NS) {
                ordinary.idle(0);
                turns++;
            }
            assertThat(turns).isBetween(2, 40);
        }
    }

    @Test
    void aWorkerWithoutPortsDoesNotSpinEither() {
        turns();
        assertThat(turns()).isBetween(2, 40);
    }

    @Test
    void aPortWithoutAFileIsPolled() {
        final MemoryPort memory = new MemoryPort("memory");
        wait.add(memory);
        turns();
        assertThat(turns()).isGreaterThan(100);
        wait.remove(memory);
        turns();
        assertThat(turns()).isBetween(2, 40);
    }

    @Test
    void workKeepsItAwake() {
        final long startNs = System.nanoTime();
        for (int i = 0; i < 10_000; i++) {
            wait.idle(1);
            wait.idle(0);
        }
        assertThat(System.nanoTime() - startNs).isLessThan(QUARTER_NS);
    }

    @Test
    void aCommandThatCameJustBeforeIsNotSleptOn() {
        fallAsleep();
        hasCommands.set(true);
        final long startNs = System.nanoTime();
        for (int i = 0; i < 1000; i++) {
            wait.idle(0);
        }
        assertThat(System.nanoTime() - startNs).isLessThan(QUARTER_NS);
    }

    @Test
    void aSleeperIsWokenForEachCommand() throws InterruptedException {
        final AtomicInteger seen = new AtomicInteger();
        final AtomicBoolean stopped = new AtomicBoolean();
        final Thread sleeper = Thread.ofPlatform().start(() -> {
            while (!stopped.get()) {
                if (hasCommands.compareAndSet(true, false)) {
                    seen.incrementAndGet();
                    wait.idle(1);
                } else {
                    wait.idle(0);
                }
            }
        });
        final long[] delaysNs = new long[41];
        for (int i = 1; i <= delaysNs.length; i++) {
            Thread.sleep(25); // long enough for the longest waits
            final long startNs = System.nanoTime();
            hasCommands.set(true);
            wait.wake();
            while (seen.get() < i) {
                LockSupport.parkNanos(20_000);
            }
            delaysNs[i - 1] = System.nanoTime() - startNs;
        }
        stopped.set(true);
        sleeper.join();
        Arrays.sort(delaysNs);
        // were it not woken, it would see a command after 4 ms in the middle
        assertThat(TimeUnit.NANOSECONDS.toMicros(delaysNs[delaysNs.length / 2])).isLessThan(3000);
    }
}
