package io.weir.dataplane.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RealtimeShareTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long STEP = TimeUnit.MICROSECONDS.toNanos(50);

    private boolean realtime = true;
    private int changes;
    private final RealtimeShare share = new RealtimeShare(() -> become(true), () -> become(false), 0);

    private void become(boolean now) {
        realtime = now;
        changes++;
    }

    /** Nanoseconds as an awake real-time thread in the worst second of ten, when it sleeps in so many of a hundred steps. */
    private long mostInASecond(int sleepsOfHundred) {
        final ArrayDeque<Long> used = new ArrayDeque<>();
        long most = 0;
        long sum = 0;
        for (long nowNs = STEP; nowNs < 10 * SECOND; nowNs += STEP) {
            final boolean sleeps = nowNs / STEP % 100 < sleepsOfHundred;
            final long usedNs = realtime && !sleeps ? STEP : 0;
            if (sleeps) {
                share.slept(nowNs);
            } else {
                share.awake(nowNs);
            }
            used.add(usedNs);
            sum += usedNs;
            if (used.size() > SECOND / STEP) {
                sum -= used.remove();
            }
            most = Math.max(most, sum);
        }
        return most;
    }

    @Test
    void aWorkerThatNeverSleepsStaysBelowWhatLinuxAllowsInAnySecond() {
        assertThat(mostInASecond(0)).isBetween(850 * SECOND / 1000, 920 * SECOND / 1000);
    }

    @Test
    void soDoesOneThatHardlySleeps() {
        assertThat(mostInASecond(3)).isBetween(850 * SECOND / 1000, 920 * SECOND / 1000);
    }

    @Test
    void aWorkerThatSleepsNowAndThenIsRealtimeAllTheTime() {
        mostInASecond(15);
        assertThat(changes).isZero();
        assertThat(realtime).isTrue();
    }

    @Test
    void aLongSleepLeavesNoMoreToUseThanAShortOne() {
        share.slept(3600 * SECOND);
        long nowNs = 3600 * SECOND;
        while (realtime) {
            nowNs += STEP;
            share.awake(nowNs);
        }
        assertThat(nowNs - 3600 * SECOND).isLessThan(SECOND / 20);
    }

    @Test
    void whatSleptLongEnoughIsRealtimeAgain() {
        while (realtime) {
            share.awake(changes == 0 ? 50_000_000 : 0);
        }
        share.slept(60_000_000);
        assertThat(realtime).isTrue();
    }
}
