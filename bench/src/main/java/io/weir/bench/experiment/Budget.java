package io.weir.bench.experiment;

import java.util.List;

/**
 * Shares a given time out among experiments: each has as much as its measurements need, and what one leaves over goes to those
 * behind it. An estimate: building tables and starting peers takes as long as it takes.
 */
public final class Budget {
    /** Building a scenario, of a million flows at worst. */
    private static final double BUILD_SECONDS = 4;

    /** Starting two peers and letting them learn. */
    private static final double PEERS_SECONDS = 9;

    private static final int SUBJECTS = 3;
    private static final double SHORTEST_RUN = 0.3;
    private static final double LONGEST_RUN = 2;
    private static final double SHORTEST_WARM_UP = 2;
    private static final double LONGEST_WARM_UP = 5;

    private final double seconds;
    private final long start = System.nanoTime();

    public Budget(double seconds) {
        this.seconds = seconds;
    }

    /** About how many seconds an experiment takes with these settings. */
    public static double estimate(Experiment experiment, Settings settings) {
        final boolean peers = settings.peers() && experiment.choices().contains(Choice.PEERS);
        final double each = BUILD_SECONDS
                + settings.warmUpSeconds()
                + settings.runs() * settings.seconds() * (peers ? SUBJECTS : 1)
                + (peers ? PEERS_SECONDS : 0);
        return each * experiment.measurements(settings);
    }

    /** The effort for the first of these experiments, if all of them are still to come. */
    public Settings settings(List<Experiment> toCome, Settings wanted) {
        final double left = seconds - (System.nanoTime() - start) / 1e9;
        final int all = toCome.stream()
                .mapToInt(experiment -> experiment.measurements(wanted))
                .sum();
        final double each = left / all - BUILD_SECONDS - (wanted.peers() ? PEERS_SECONDS : 0);
        final int runs = each < 15 ? 3 : 5;
        final double warmUp = Math.clamp(each / 4, SHORTEST_WARM_UP, LONGEST_WARM_UP);
        final double run = (each - warmUp) / runs / (wanted.peers() ? SUBJECTS : 1);
        return wanted.withEffort(warmUp, runs, Math.clamp(run, SHORTEST_RUN, LONGEST_RUN));
    }
}
