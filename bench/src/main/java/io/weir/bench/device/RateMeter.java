package io.weir.bench.device;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

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
     */
    record Path(String from, String to, String device, List<byte[]> frames, int sendCore) {
        Path {
            frames = List.copyOf(frames);
        }
    }

    private record Sample(double rate, double offered, double busyCores) {}

    RateMeter(String scenario, Variant variant, BenchNamespaces net, Path path) {
        this.scenario = scenario;
        this.variant = variant;
        this.net = net;
        this.path = path;
    }

    void measure(List<Forwarder> forwarders, Settings settings, Recorder recorder)
            throws IOException, InterruptedException {
        final List<List<Sample>> samples = new ArrayList<>();
        forwarders.forEach(_ -> samples.add(new ArrayList<>()));
        for (int run = 0; run < settings.runs(); run++) {
            for (int i = 0; i < forwarders.size(); i++) {
                final Forwarder forwarder = forwarders.get(i);
                recorder.progress(scenario + ", run " + (run + 1) + ": "
                        + forwarder.subject().label() + " " + forwarder.detail());
                samples.get(i).add(sample(forwarder, settings));
            }
        }
        for (int i = 0; i < forwarders.size(); i++) {
            record(forwarders.get(i), samples.get(i), settings, recorder);
        }
    }

    private Sample sample(Forwarder forwarder, Settings settings) throws IOException, InterruptedException {
        try (AutoCloseable _ = forwarder.start();
                FrameSender sender =
                        new FrameSender(net.namespace(path.from()), path.device(), path.frames(), path.sendCore())) {
            sleep(settings.warmUpSeconds());
            final double busyBefore = ProcessorTime.busySeconds();
            final long sentBefore = sender.sent();
            final long before = net.receivedPackets(path.to(), path.device());
            final long start = System.nanoTime();
            sleep(settings.seconds());
            final long packets = net.receivedPackets(path.to(), path.device()) - before;
            final double seconds = (System.nanoTime() - start) / 1e9;
            return new Sample(
                    packets / seconds / 1e6,
                    (sender.sent() - sentBefore) / seconds / 1e6,
                    (ProcessorTime.busySeconds() - busyBefore) / seconds);
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
