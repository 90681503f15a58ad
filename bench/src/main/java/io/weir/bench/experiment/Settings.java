package io.weir.bench.experiment;

import java.util.List;

/**
 * What an experiment is asked for. One that has no use for a field passes over it.
 *
 * @param flows         numbers of flows, one measurement each
 * @param packets       sizes of a frame without its check sequence ({@code 64}), or {@code imix}; one measurement each
 * @param ipv6          families: false is IPv4, true is IPv6; one measurement each
 * @param tcp           TCP segments instead of UDP datagrams
 * @param workers       numbers of workers, one measurement each
 * @param warmUpSeconds before the first run that counts
 * @param runs          that count; the median is the result
 * @param seconds       length of a run
 * @param core          the first core that works; -1 leaves it to the kernel
 * @param peers         whether others do the same work in the same run
 */
public record Settings(
        List<Integer> flows,
        List<String> packets,
        List<Boolean> ipv6,
        boolean tcp,
        List<Integer> workers,
        double warmUpSeconds,
        int runs,
        double seconds,
        int core,
        boolean peers) {
    /** What RFC 2544 calls the smallest frame, at three table sizes. */
    public static final Settings DEFAULT = new Settings(
            List.of(1_000, 100_000, 1_000_000), List.of("64"), List.of(false), false, List.of(1), 5, 5, 2, 1, false);

    public Settings {
        flows = List.copyOf(flows);
        packets = List.copyOf(packets);
        ipv6 = List.copyOf(ipv6);
        workers = List.copyOf(workers);
        if (runs < 1) {
            throw new IllegalArgumentException("runs " + runs + " is not positive");
        }
        if (!(seconds > 0)) {
            throw new IllegalArgumentException("seconds " + seconds + " is not positive");
        }
        if (!(warmUpSeconds >= 0)) {
            throw new IllegalArgumentException("warm-up " + warmUpSeconds + " is negative");
        }
    }

    /** With another effort. */
    public Settings withEffort(double otherWarmUpSeconds, int otherRuns, double otherSeconds) {
        return new Settings(
                flows, packets, ipv6, tcp, workers, otherWarmUpSeconds, otherRuns, otherSeconds, core, peers);
    }

    /** With other numbers of flows. */
    public Settings withFlows(List<Integer> other) {
        return new Settings(other, packets, ipv6, tcp, workers, warmUpSeconds, runs, seconds, core, peers);
    }
}
