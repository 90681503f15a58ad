package io.weir.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LanesTest {
    /** Threads that come and go, as those of an interface for commands do, never use up the lanes. */
    @Test
    void theLaneOfAThreadThatHasEndedIsTakenOverWithItsCounts() throws InterruptedException {
        try (Lanes lanes = new Lanes()) {
            final AtomicInteger shared = new AtomicInteger();
            for (int i = 0; i < 3 * Lanes.EXCLUSIVE; i++) {
                final Thread thread = Thread.ofPlatform().start(() -> {
                    final long lane = lanes.mine();
                    assertThat(lanes.mine()).isEqualTo(lane);
                    shared.addAndGet(lanes.isShared(lane) ? 1 : 0);
                    lanes.cursor(lane, 5);
                    lanes.add(lane, ConntrackCounter.CREATED, 2);
                });
                thread.join();
            }
            assertThat(shared).as("threads without a lane of their own").hasValue(0);
            assertThat(lanes.sum(ConntrackCounter.CREATED)).isEqualTo(6L * Lanes.EXCLUSIVE);
            final int[] cursor = {0};
            Thread.ofPlatform()
                    .start(() -> cursor[0] = lanes.cursor(lanes.mine()))
                    .join();
            assertThat(cursor[0]).as("the cursor is not inherited").isEqualTo(ConntrackTable.NONE);
        }
    }

    @Test
    void moreThreadsThanLanesShareOneAndLoseNoCount() throws InterruptedException {
        final int threads = Lanes.EXCLUSIVE + 17;
        try (Lanes lanes = new Lanes()) {
            final CountDownLatch all = new CountDownLatch(threads);
            final Set<Long> used = new HashSet<>();
            final Set<Integer> stamps = new HashSet<>();
            final List<Thread> started = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                started.add(Thread.ofPlatform().start(() -> {
                    final long lane = lanes.mine();
                    final List<Integer> own = new ArrayList<>();
                    for (int count = 0; count < 500; count++) {
                        own.add(lanes.created(lane));
                    }
                    synchronized (used) {
                        used.add(lane);
                        stamps.addAll(own);
                    }
                    all.countDown();
                    try {
                        all.await();
                    } catch (final InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }));
            }
            for (final Thread thread : started) {
                thread.join();
            }
            assertThat(used).hasSize(Lanes.EXCLUSIVE + 1);
            assertThat(lanes.sum(ConntrackCounter.CREATED)).isEqualTo(500L * threads);
            assertThat(stamps).as("no two creations have the same stamp").hasSize(500 * threads);
        }
    }
}
