package io.weir.bench.report;

/**
 * What was measured.
 *
 * @param name         lower-kebab
 * @param unit         of the figures
 * @param moreIsBetter whether a higher figure is the better one
 */
public record Metric(String name, String unit, boolean moreIsBetter) {
    /** Packets forwarded, the generator's work included. */
    public static final Metric RATE = new Metric("rate", "Mpps", true);

    /** As {@link #RATE}, without the time that the subject's own generator takes when it runs alone. */
    public static final Metric RATE_NET = new Metric("rate-net", "Mpps", true);

    /** Payload that arrived, as iperf3 says it. */
    public static final Metric BITRATE = new Metric("bitrate", "Gbit/s", true);

    /** Requests answered. */
    public static final Metric REQUESTS = new Metric("requests", "1/s", true);

    /** Connections, or flows, opened. */
    public static final Metric CONNECTIONS = new Metric("connections", "1/s", true);

    /** CPU time that all parts used together, per second of wall time: 1 is one busy core. */
    public static final Metric CORES = new Metric("cores", "cores", false);

    /** Packets that were sent and did not arrive. */
    public static final Metric LOST = new Metric("lost", "%", false);

    /**
     * Delay of a packet that this share of all packets did not exceed.
     *
     * @param percentile 50, 99, 99.9, ...; 100 is the longest delay of all
     */
    public static Metric latency(double percentile) {
        final String text =
                percentile == Math.rint(percentile) ? Long.toString((long) percentile) : Double.toString(percentile);
        return new Metric("latency-p" + text, "µs", false);
    }
}
