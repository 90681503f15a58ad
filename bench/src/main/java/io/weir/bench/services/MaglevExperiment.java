package io.weir.bench.services;

import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.Maglev;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * What the Maglev tables do that Services use: how evenly they share the flows out, how many flows move when backends go, and
 * how long a table takes to make. The paper (Eisenbud et al., NSDI 2016, section 5.3) measures tables of 65,537 and 655,373
 * slots with 1,000 backends of which some fail at once; the other sizes are what weir picks for few backends.
 *
 * <p>No packets: a flow is a slot, and each measurement is repeated with other backends, which go by chance.
 */
public final class MaglevExperiment implements Experiment {
    private static final Metric ABOVE = new Metric("most-loaded-above-mean", "%", false);
    private static final Metric BELOW = new Metric("least-loaded-below-mean", "%", false);
    private static final Metric MOVED = new Metric("moved-flows", "%", false);
    private static final Metric NEEDLESS = new Metric("needlessly-moved-flows", "%", false);
    private static final Metric BUILD = new Metric("build", "ms", false);

    private static final int REPEATS = 11;
    private static final int PORT = 8080;

    private final int repeats;

    public MaglevExperiment() {
        this(REPEATS);
    }

    MaglevExperiment(int repeats) {
        this.repeats = repeats;
    }

    private record Size(int slots, int backends, List<Integer> gone) {}

    private static final List<Size> SIZES = List.of(
            new Size(1021, 10, List.of(1, 2, 5)),
            new Size(16381, 100, List.of(1, 5, 20)),
            new Size(65537, 10, List.of(1, 2, 5)),
            new Size(65537, 100, List.of(1, 5, 20)),
            new Size(65537, 1000, List.of(1, 5, 20, 50)),
            new Size(655373, 1000, List.of(1, 5, 20, 50)));

    @Override
    public String name() {
        return "maglev";
    }

    @Override
    public String describe() {
        return "Maglev tables: evenness, flows that move when 1 to 50 backends go at once, time to make one";
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException {
        for (final Size size : SIZES) {
            recorder.progress("%s: %,d slots, %,d backends".formatted(name(), size.slots, size.backends));
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            evenness(size, recorder);
            for (final int gone : size.gone) {
                disruption(size, gone, recorder);
            }
        }
    }

    private Variant variant(Size size, String more) {
        return new Variant(
                size.slots,
                "no",
                false,
                "udp",
                1,
                "%,d slots, %,d backends%s".formatted(size.slots, size.backends, more));
    }

    /** As many backends as asked for, at addresses of their own in each repeat. */
    private static long[] seeds(int repeat, int backends) {
        return IntStream.range(0, backends)
                .mapToLong(i -> Maglev.seed(IpAddress.ipv4(0x0A00_0001 + (repeat << 16) + i), PORT))
                .toArray();
    }

    private static char[] table(long[] seeds, int slots) {
        final int[] weights = new int[seeds.length];
        Arrays.fill(weights, 1);
        return Maglev.table(seeds, weights, slots);
    }

    private void evenness(Size size, Recorder recorder) {
        final double[] above = new double[repeats];
        final double[] below = new double[repeats];
        final double[] build = new double[repeats];
        for (int repeat = 0; repeat < repeats; repeat++) {
            final long[] seeds = seeds(repeat, size.backends);
            final long begin = System.nanoTime();
            final char[] table = table(seeds, size.slots);
            build[repeat] = (System.nanoTime() - begin) / 1e6;
            final int[] shares = new int[size.backends];
            for (final char backend : table) {
                shares[backend]++;
            }
            final double mean = (double) size.slots / size.backends;
            above[repeat] = (Arrays.stream(shares).max().orElseThrow() / mean - 1) * 100;
            below[repeat] = (1 - Arrays.stream(shares).min().orElseThrow() / mean) * 100;
        }
        recorder.result(Result.of(name(), variant(size, ""), Subject.WEIR, ABOVE, above)
                .withNote("slots of the backend that has most; capacity beyond the mean that each backend needs"));
        recorder.result(Result.of(name(), variant(size, ""), Subject.WEIR, BELOW, below));
        recorder.result(Result.of(name(), variant(size, ""), Subject.WEIR, BUILD, build)
                .withNote("the first on a cold JVM is the highest"));
    }

    private void disruption(Size size, int gone, Recorder recorder) {
        final double[] moved = new double[repeats];
        final double[] needless = new double[repeats];
        final SplittableRandom random = new SplittableRandom(gone);
        for (int repeat = 0; repeat < repeats; repeat++) {
            final long[] before = seeds(repeat, size.backends);
            final boolean[] isGone = new boolean[size.backends];
            for (int left = gone; left > 0; ) {
                final int each = random.nextInt(size.backends);
                left -= isGone[each] ? 0 : 1;
                isGone[each] = true;
            }
            final int[] stay = IntStream.range(0, size.backends)
                    .filter(each -> !isGone[each])
                    .toArray();
            final char[] old = table(before, size.slots);
            final char[] young =
                    table(Arrays.stream(stay).mapToLong(each -> before[each]).toArray(), size.slots);
            int movedSlots = 0;
            int needlessSlots = 0;
            for (int slot = 0; slot < size.slots; slot++) {
                if (old[slot] != stay[young[slot]]) {
                    movedSlots++;
                    needlessSlots += isGone[old[slot]] ? 0 : 1;
                }
            }
            moved[repeat] = 100.0 * movedSlots / size.slots;
            needless[repeat] = 100.0 * needlessSlots / size.slots;
        }
        final Variant variant = variant(size, ", %d gone".formatted(gone));
        recorder.result(Result.of(name(), variant, Subject.WEIR, MOVED, moved)
                .withNote("%.2f %% had to".formatted(100.0 * gone / size.backends)));
        recorder.result(Result.of(name(), variant, Subject.WEIR, NEEDLESS, needless)
                .withNote("new flows alone: those that have a connection stay with its backend"));
    }
}
