package io.weir.bench.device;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One load by {@code wrk}.
 *
 * @param requestsPerSecond answered
 * @param medianMicros      time to an answer that half of the requests did not exceed
 * @param p99Micros         the same for 99 of 100
 * @param machineSeconds    CPU time of the whole machine
 * @param requests          answered in all
 */
record WrkRun(double requestsPerSecond, double medianMicros, double p99Micros, double machineSeconds, long requests) {
    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final Pattern COUNT = Pattern.compile("(\\d+) requests in");
    private static final Pattern MEDIAN = Pattern.compile("50%\\s+([0-9.]+)(us|ms|s)");
    private static final Pattern P99 = Pattern.compile("99%\\s+([0-9.]+)(us|ms|s)");

    /**
     * Asks for a while.
     *
     * @param isFresh a connection for each request
     * @throws IllegalStateException when a request failed: the figures of the others would mean nothing
     */
    static WrkRun of(BenchNamespaces net, String client, String url, int connections, double seconds, boolean isFresh)
            throws IOException, InterruptedException {
        final double before = ProcessorTime.busySeconds();
        final String text = net.run(
                client,
                "wrk",
                "-t1",
                "-c" + connections,
                "-d" + (int) Math.max(1, Math.ceil(seconds)) + "s",
                "--timeout",
                "5",
                "--latency",
                "-H",
                isFresh ? "Connection: close" : "Connection: keep-alive",
                url);
        final double machine = ProcessorTime.busySeconds() - before;
        if (text.contains("Socket errors") || text.contains("Non-2xx")) {
            throw new IllegalStateException("requests failed: " + text.strip());
        }
        return new WrkRun(
                Double.parseDouble(find(RATE, text).group(1)),
                micros(find(MEDIAN, text)),
                micros(find(P99, text)),
                machine,
                Long.parseLong(find(COUNT, text).group(1)));
    }

    private static Matcher find(Pattern pattern, String text) throws IOException {
        final Matcher found = pattern.matcher(text);
        if (!found.find()) {
            throw new IOException("wrk printed no " + pattern + ": " + text.strip());
        }
        return found;
    }

    private static double micros(Matcher found) {
        final double value = Double.parseDouble(found.group(1));
        return switch (found.group(2)) {
            case "us" -> value;
            case "ms" -> value * 1e3;
            default -> value * 1e6;
        };
    }
}
