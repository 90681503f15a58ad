package io.weir.conntrack;

import java.time.Duration;

/**
 * The life word of an entry: one int that says whether the entry is free, and until when a connection may be silent.
 * Every change of ownership is one compare-and-set of this word.
 *
 * <pre>
 *  31                                                   2 1   0
 *  | deadline, or when it was freed, in ticks of 2^24 ns | kind |
 * </pre>
 *
 * <p>Ticks are 16.8 ms; 30 bits of them wrap after 208 days, so comparisons are of the signed difference.
 */
final class Life {
    /** Free; with a nonzero tick, freed at that tick. */
    static final int FREE = 0;

    /** A connection that is never evicted. */
    static final int KEPT = 1;

    /** A half-open or closing connection, which makes room when the table is full. */
    static final int EVICTABLE = 2;

    /** One thread alone is filling or clearing the entry. */
    static final int CLAIMED = 3;

    static final int KIND_MASK = 3;
    static final int TICK_SHIFT_NS = 24;

    /** One second, rounded up. */
    static final int TICKS_PER_SECOND = 60;

    /** A freed entry rests for so many ticks, so that no worker still holds its index when it is used again. */
    static final int REST_TICKS = 2;

    private Life() {}

    static int tick(long nowNs) {
        return (int) (nowNs >>> TICK_SHIFT_NS) & 0x3FFF_FFFF;
    }

    static int ticks(Duration duration) {
        return (int) Math.max(1, (duration.toNanos() + (1L << TICK_SHIFT_NS) - 1) >>> TICK_SHIFT_NS);
    }

    static int word(int kind, int tick) {
        return tick << 2 | kind;
    }

    static int kind(int word) {
        return word & KIND_MASK;
    }

    static boolean isLive(int word) {
        final int kind = word & KIND_MASK;
        return kind == KEPT || kind == EVICTABLE;
    }

    /** The word's tick is now or in the past. */
    static boolean isDue(int word, int tick) {
        return (tick << 2) - (word & ~KIND_MASK) >= 0;
    }

    /** Ticks from the word's tick to now; negative when it lies ahead. */
    static int ticksSince(int word, int tick) {
        return ((tick << 2) - (word & ~KIND_MASK)) >> 2;
    }

    static boolean isUsable(int word, int tick) {
        return word == FREE || (kind(word) == FREE && ticksSince(word, tick) >= REST_TICKS);
    }
}
