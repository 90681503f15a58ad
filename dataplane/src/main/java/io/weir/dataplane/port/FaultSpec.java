package io.weir.dataplane.port;

import java.util.Locale;

/**
 * What a bad wire does to packets, as probabilities from 0 to 1.
 *
 * @param loss      the packet never arrives
 * @param duplicate it arrives twice
 * @param reorder   packets behind it overtake it
 * @param corrupt   one of its bits is turned over
 * @param truncate  its end is cut off
 * @param seed      the same seed makes the same faults of the same packets
 */
public record FaultSpec(double loss, double duplicate, double reorder, double corrupt, double truncate, long seed) {
    /** A good wire. */
    public static final FaultSpec NONE = new FaultSpec(0, 0, 0, 0, 0, 0);

    public FaultSpec {
        check("loss", loss);
        check("duplicate", duplicate);
        check("reorder", reorder);
        check("corrupt", corrupt);
        check("truncate", truncate);
    }

    private static void check(String name, double probability) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException(name + "=" + probability + " is outside 0..1");
        }
    }

    /**
     * Reads {@code loss=0.01,duplicate=0.01,seed=7}; what is not named is 0.
     *
     * @throws IllegalArgumentException that names the part which cannot be read
     */
    public static FaultSpec parse(String text) {
        double loss = 0;
        double duplicate = 0;
        double reorder = 0;
        double corrupt = 0;
        double truncate = 0;
        long seed = 0;
        for (final String part : text.split(",", -1)) {
            final int equals = part.indexOf('=');
            final String name = equals < 0 ? part : part.substring(0, equals).strip();
            final String value = equals < 0 ? "" : part.substring(equals + 1).strip();
            switch (name.toLowerCase(Locale.ROOT)) {
                case "loss" -> loss = probability(part, value);
                case "duplicate" -> duplicate = probability(part, value);
                case "reorder" -> reorder = probability(part, value);
                case "corrupt" -> corrupt = probability(part, value);
                case "truncate" -> truncate = probability(part, value);
                case "seed" -> seed = seed(part, value);
                default ->
                    throw new IllegalArgumentException(
                            "'" + part
                                    + "' is no fault; say loss, duplicate, reorder, corrupt, truncate or seed, as in loss=0.01");
            }
        }
        return new FaultSpec(loss, duplicate, reorder, corrupt, truncate, seed);
    }

    private static double probability(String part, String value) {
        try {
            return Double.parseDouble(value);
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("'" + part + "' needs a probability from 0 to 1", e);
        }
    }

    private static long seed(String part, String value) {
        try {
            return Long.parseLong(value);
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("'" + part + "' needs a whole number", e);
        }
    }
}
