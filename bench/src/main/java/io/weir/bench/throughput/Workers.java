package io.weir.bench.throughput;

/**
 * Threads that forward.
 *
 * @param count     1: single-stepped by the thread that measures
 * @param firstCore of the first one; the others follow. -1 leaves it to the kernel
 */
public record Workers(int count, int firstCore) {
    public static final Workers ONE = new Workers(1, -1);

    public Workers {
        if (count < 1 || count > 64) {
            throw new IllegalArgumentException("workers " + count + " is outside 1..64");
        }
    }
}
