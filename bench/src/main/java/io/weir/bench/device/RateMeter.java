package io.weir.bench.device;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Packets per second that arrive behind a forwarder while one core sends as fast as it can. All forwarders in turns, so that
 * a disturbance meets all.
 */
final class RateMeter {
    private final String scenario;
    private final Variant variant;
    private final BenchNamespaces net;
    private final Path path;

    /**
     * Where packets are put in, and where those that were forwarded are counted.
     *
     * @param from     namespace of the sender
     * @param to       namespace of the receiver
     * @param device   of both, by which they reach the forwarder
     * @param frames   what is sent
     * @param sendCore core of the sender
     * @param isLive   whether the kernel makes the frames itself, for a receiver that polls
     */
    record Path(String from, String to, String device, List<byte[]> frames, int sendCore, boolean isLive) {
        Path {
            frames = List.copyOf(frames);
        }

        FrameSource start(BenchNamespaces net) {
            return isLive
                    ? new LiveFrameSender(net.namespace(from), device, frames, sendCore)
                    : new FrameSender(net.namespace(from), device, frames, sendCore);
        }
    }

    private record Sample(double rate, double offered, double busyCores) {}

    /** A forwarder and what was seen of it. */
    private static final class Turn {
        private final Forwarder forwarder;
        private final List<Sample> samples = new ArrayList<>();

        Turn(Forwarder forwarder) {
            this.forwarder = forwarder;
        }
    }

    RateMeter(String scenario, Variant variant, BenchNamespaces net, Path path) {
        this.scenario = scenario;
        this.variant = variant;
        this.net = net;
        this.path = path;
    }

    /**
     * Measures all. One that fails is reported as not measured, and the others are measured all the same.
     *
     * @throws IOException when weir was the one, after the others are recorded
     */
    void measure(List<Forwarder> forwarders, Settings settings, Recorder recorder)
            throws IOException, InterruptedException {
        final List<Turn> turns = new ArrayList<>();
        forwarders.forEach(forwarder -> turns.add(new Turn(forwarder)));
        @Nullable IOException failure = null;
        for (int run = 0; run < settings.runs(); run++) {
            for (final Turn turn : List.copyOf(turns)) {
                final Forwarder forwarder = turn.forwarder;
                recorder.progress(scenario + ", run " + (run + 1) + ": "
                        + forwarder.subject().label() + " " + forwarder.detail());
                try {
                    turn.samples.add(sample(forwarder, settings));
                } catch (final IOException e) {
                    turns.remove(turn);
                    final String reason = (forwarder.detail() + " failed: " + e.getMessage()).strip();
                    recorder.skip(scenario, forwarder.subject(), reason);
                    if (forwarder.subject() == Subject.WEIR) {
                        failure = new IOException("weir " + reason, e);
                    }
                }
            }
        }
        turns.forEach(turn -> record(turn.forwarder, turn.samples, settings, recorder));
        if (failure != null) {
            throw failure;
        }
    }

    private Sample sample(Forwarder forwarder, Settings settings) throws IOException, InterruptedException {
        try (AutoCloseable _ = forwarder.start();
                FrameSource sender = path.start(net)) {
            sleep(settings.warmUpSeconds());
            final double busyBefore = ProcessorTime.busySeconds();
            final BenchNamespaces.Count sentBefore = net.count(path.from(), sender::sent);
            final BenchNamespaces.Count before = net.count(path.to(), () -> net.receivedHere(path.device()));
            sleep(settings.seconds());
            final BenchNamespaces.Count sentAfter = net.count(path.from(), sender::sent);
            final BenchNamespaces.Count after = net.count(path.to(), () -> net.receivedHere(path.device()));
            return new Sample(
                    after.millionsASecondSince(before),
                    sentAfter.millionsASecondSince(sentBefore),
                    (ProcessorTime.busySeconds() - busyBefore) / ((after.atNs() - before.atNs()) / 1e9));
        } catch (final IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new IOException(e);
        }
    }

    private static void sleep(double seconds) throws InterruptedException {
        Thread.sleep((long) (seconds * 1000));
    }

    private void record(Forwarder forwarder, List<Sample> samples, Settings settings, Recorder recorder) {
        final Variant shown = variant.withDetail(forwarder.detail());
        if (samples.stream().allMatch(sample -> sample.rate() == 0)) {
            recorder.skip(scenario, forwarder.subject(), "nothing arrived: " + shown.text());
            return;
        }
        final double offered =
                samples.stream().mapToDouble(Sample::offered).average().orElse(0);
        final double[] rates = samples.stream().mapToDouble(Sample::rate).toArray();
        final double[] cores = samples.stream().mapToDouble(Sample::busyCores).toArray();
        double cpuSeconds = 0;
        for (final double busy : cores) {
            cpuSeconds += busy * settings.seconds();
        }
        recorder.result(Result.of(scenario, shown, forwarder.subject(), Metric.RATE, rates)
                .withCpuSeconds(cpuSeconds)
                .withCommand(forwarder.command())
                .withNote(String.format(Locale.ROOT, "%.2f Mpps were offered", offered)));
        recorder.result(Result.of(scenario, shown, forwarder.subject(), Metric.CORES, cores)
                .withCommand(forwarder.command())
                .withNote("of the whole machine, the sender's core included"));
    }
}
