package io.weir.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BurstClockTest {
    @Test
    void timesOneTurnOfMany() {
        final BurstClock clock = new BurstClock(3);
        for (int turn = 0; turn < 9; turn++) {
            clock.begin();
            clock.received(10);
            if (turn % 3 == 2) {
                final long start = System.nanoTime();
                while (System.nanoTime() - start < 100_000) {
                    Thread.onSpinWait();
                }
            }
            clock.over(BurstClock.Phase.PARSE);
        }
        assertThat(clock.packetsPerBurst()).isEqualTo(10);
        assertThat(clock.nsPerPacket(BurstClock.Phase.PARSE)).isGreaterThanOrEqualTo(10_000);
        assertThat(clock.nsPerPacket(BurstClock.Phase.RECEIVE)).isLessThan(clock.nsPerPacket(BurstClock.Phase.PARSE));
        assertThat(clock.nsPerPacket(BurstClock.Phase.TRANSMIT)).isZero();
    }

    @Test
    void whatElseHadTheCoreForAMomentDoesNotCount() {
        final BurstClock clock = new BurstClock(1);
        for (int turn = 0; turn < 40_000; turn++) {
            clock.begin();
            clock.received(1);
            if (turn == 39_990) {
                final long start = System.nanoTime();
                while (System.nanoTime() - start < 50_000_000) {
                    Thread.onSpinWait();
                }
            }
            clock.over(BurstClock.Phase.ACT);
        }
        assertThat(clock.nsPerPacket(BurstClock.Phase.ACT)).isPositive().isLessThan(100_000);
    }

    @Test
    void withoutATimedTurnThereIsNoFigure() {
        final BurstClock clock = new BurstClock(2);
        clock.begin();
        clock.received(64);
        clock.over(BurstClock.Phase.ACT);
        assertThat(clock.nsPerPacket(BurstClock.Phase.ACT)).isZero();
        assertThat(clock.packetsPerBurst()).isZero();
    }
}
