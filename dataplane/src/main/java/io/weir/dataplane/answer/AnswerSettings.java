package io.weir.dataplane.answer;

/**
 * How many ICMP errors a worker sends; echo replies, TCP resets and "too big" are not limited, as in Linux.
 *
 * @param errorsPerSecond           to all destinations together
 * @param errorBurst                to all destinations at once
 * @param destinationIntervalMillis time between two errors to one destination, in milliseconds
 * @param destinationBurst          to one destination at once
 */
public record AnswerSettings(int errorsPerSecond, int errorBurst, int destinationIntervalMillis, int destinationBurst) {
    /** As Linux: icmp_msgs_per_sec 1000 with a burst of 50, icmp_ratelimit 1000 ms with a burst of 6. */
    public static final AnswerSettings DEFAULT = new AnswerSettings(1000, 50, 1000, 6);

    public AnswerSettings {
        check("errorsPerSecond", errorsPerSecond, 1_000_000);
        check("errorBurst", errorBurst, 1_000_000);
        check("destinationBurst", destinationBurst, 1_000_000);
        if (destinationIntervalMillis < 0 || destinationIntervalMillis > 3_600_000) {
            throw new IllegalArgumentException(
                    "destinationIntervalMillis " + destinationIntervalMillis + " is outside 0..3600000");
        }
    }

    private static void check(String name, int value, int limit) {
        if (value < 1 || value > limit) {
            throw new IllegalArgumentException(name + " " + value + " is outside 1.." + limit);
        }
    }
}
