package io.weir.bench.throughput;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.ScratchDirectory;
import io.weir.bench.experiment.Settings;
import io.weir.bench.peers.PcapFile;
import io.weir.bench.peers.Peer;
import io.weir.bench.peers.PeerRun;
import io.weir.bench.peers.PeerSession;
import io.weir.bench.peers.PeerWork;
import io.weir.bench.peers.Peers;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One scenario with one kind of packets: weir and every peer that can do the same, in turns. A round is a run of each, so that
 * whatever disturbs the machine meets all; between their turns the peers' processes are stopped.
 */
final class Contest {
    /** Runs of the generator alone are short: it varies least. */
    private static final double GENERATOR_SECONDS = 0.5;

    private final Scenario scenario;
    private final Variant variant;
    private final Settings settings;
    private final Recorder recorder;
    private final Traffic traffic;

    Contest(Scenario scenario, Traffic traffic, Variant variant, Settings settings, Recorder recorder) {
        this.scenario = scenario;
        this.variant = variant;
        this.settings = settings;
        this.recorder = recorder;
        this.traffic = traffic;
    }

    void hold() throws IOException, InterruptedException {
        final List<Contestant> peers = new ArrayList<>();
        final int workers = variant.workers();
        // the last cores are the ones to work on: the first one has the machine's other duties
        final int firstCore = settings.core() < 0 ? -1 : Math.max(0, settings.core() - workers + 1);
        progress("building");
        try (ScratchDirectory directory = ScratchDirectory.create();
                WeirSession weir = new WeirSession(scenario, traffic, new Workers(workers, firstCore))) {
            progress("warming up");
            weir.warmUp(settings.warmUpSeconds());
            try {
                if (settings.peers()) {
                    startPeers(directory.path(), peers);
                }
                rounds(weir, peers);
            } finally {
                peers.forEach(peer -> peer.session.close());
            }
        }
    }

    private void rounds(WeirSession weir, List<Contestant> peers) throws IOException, InterruptedException {
        final double[] rates = new double[settings.runs()];
        final double[] generator = new double[settings.runs()];
        for (int i = 0; i < settings.runs(); i++) {
            progress("round " + (i + 1) + " of " + settings.runs());
            generator[i] = weir.generatorRun(Math.min(GENERATOR_SECONDS, settings.seconds()));
            rates[i] = weir.run(settings.seconds());
            for (final Contestant peer : List.copyOf(peers)) {
                try {
                    peer.add(peer.session.run(settings.seconds()));
                } catch (final IOException e) {
                    recorder.skip(scenario.name(), peer.subject, String.valueOf(e.getMessage()));
                    peer.session.close();
                    peers.remove(peer);
                }
            }
        }
        record(weir, rates, generator, peers);
    }

    private void record(WeirSession weir, double[] rates, double[] generator, List<Contestant> peers) {
        final String command = "weir bench run " + scenario.name() + " --flows " + variant.flows();
        recorder.result(Result.of(scenario.name(), variant, Subject.WEIR, Metric.RATE, rates)
                .withHeap(weir.allocatedBytes(), weir.collections())
                .withCpuSeconds(weir.cpuSeconds())
                .withCommand(command)
                .withNote(weir.cacheMisses() == 0 ? "" : weir.cacheMisses() + " packets missed the flow cache"));
        recordNet(Subject.WEIR, without(generator, rates, variant.workers()), command);
        final double[] ceiling = peers.stream()
                .filter(peer -> peer.subject == Subject.TESTPMD)
                .findFirst()
                .map(Contestant::rates)
                .orElse(new double[0]);
        for (final Contestant peer : peers) {
            recorder.result(Result.of(scenario.name(), variant, peer.subject, Metric.RATE, peer.rates())
                    .withCpuSeconds(peer.cpuSeconds)
                    .withCommand(peer.session.command())
                    .withNote(peer.session.note()));
            if (peer.subject != Subject.TESTPMD && ceiling.length == settings.runs()) {
                recordNet(peer.subject, without(ceiling, peer.rates(), 1), peer.session.command());
            }
        }
    }

    private void recordNet(Subject subject, double[] net, String command) {
        if (net.length > 0) {
            recorder.result(Result.of(scenario.name(), variant, subject, Metric.RATE_NET, net)
                    .withCommand(command)
                    .withNote(net.length == settings.runs() ? "" : net.length + " of " + settings.runs() + " rounds"));
        }
    }

    /**
     * Rates with the time taken off that the generator takes alone, round by round. A round in which the generator alone was no
     * faster than the whole was disturbed, and has none.
     */
    static double[] without(double[] generator, double[] rates, int workers) {
        return IntStream.range(0, rates.length)
                .filter(round -> rates[round] > 0 && generator[round] * workers > rates[round])
                .mapToDouble(round -> 1 / (1 / rates[round] - 1 / (generator[round] * workers)))
                .toArray();
    }

    private void startPeers(Path directory, List<Contestant> peers) throws IOException, InterruptedException {
        if (variant.workers() != 1) {
            recorder.skip(scenario.name(), Subject.OVS_DPDK, "peers are measured with one worker");
            return;
        }
        final List<byte[]> frames = scenario.frames(traffic);
        final Path capture = directory.resolve("packets.pcap");
        PcapFile.write(capture, frames);
        final int longest =
                frames.stream().mapToInt(frame -> frame.length).max().orElseThrow();
        final PeerWork work = new PeerWork(
                scenario.name(),
                capture,
                frames.size(),
                longest,
                traffic.ipv6(),
                traffic.tcp(),
                Math.max(0, settings.core()),
                directory);
        for (final Peer peer : Peers.all()) {
            final var obstacle = peer.obstacle(work);
            if (obstacle.isPresent()) {
                recorder.skip(scenario.name(), peer.subject(), obstacle.get());
                continue;
            }
            progress("starting " + peer.subject().label());
            try {
                peers.add(new Contestant(peer.subject(), peer.start(work)));
            } catch (final IOException e) {
                recorder.skip(scenario.name(), peer.subject(), String.valueOf(e.getMessage()));
            }
        }
    }

    private void progress(String what) {
        recorder.progress(scenario.name() + ", " + variant.text() + ": " + what);
    }

    /** A peer and what it has done so far. */
    private static final class Contestant {
        private final Subject subject;
        private final PeerSession session;
        private final List<Double> rates = new ArrayList<>();
        private double cpuSeconds;

        Contestant(Subject subject, PeerSession session) {
            this.subject = subject;
            this.session = session;
        }

        void add(PeerRun run) {
            rates.add(run.mpps());
            cpuSeconds += run.cpuSeconds();
        }

        double[] rates() {
            return rates.stream().mapToDouble(Double::doubleValue).toArray();
        }
    }
}
