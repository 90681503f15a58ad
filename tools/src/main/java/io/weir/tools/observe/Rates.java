package io.weir.tools.observe;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.observe.CountedPort;
import io.weir.dataplane.observe.CounterLabel;
import io.weir.dataplane.observe.CounterLabel.Kind;
import io.weir.dataplane.observe.CounterSnapshot;
import io.weir.dataplane.observe.PortNumber;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What happened between two looks at the counters, per second. */
final class Rates {
    private final CounterSnapshot before;
    private final CounterSnapshot now;
    private final double seconds;

    Rates(CounterSnapshot before, CounterSnapshot now) {
        this.before = before;
        this.now = now;
        seconds = Math.max(1e-6, (now.takenNs() - before.takenNs()) / 1e9);
    }

    CounterSnapshot now() {
        return now;
    }

    /**
     * A port's traffic per second.
     *
     * @param receivedBits     of Ethernet frames
     * @param carriedIn        packets from the port that the kernel carried past weir
     * @param carriedInBits    of IP packets
     * @param carriedOut       packets to the port that the kernel carried past weir
     */
    record PortRate(
            CountedPort port,
            double received,
            double receivedBits,
            double sent,
            double sentBits,
            double carriedIn,
            double carriedInBits,
            double carriedOut,
            double carriedOutBits) {
        double packets() {
            return received + sent + carriedIn + carriedOut;
        }
    }

    /**
     * A worker's work per second.
     *
     * @param perBurst packets that it received at a time: the nearer to the burst size, the busier
     * @param hitShare packets that the flow cache answered, 0 to 1
     * @param flows    flows that it remembers
     */
    record WorkerRate(
            int worker,
            double received,
            double perBurst,
            double hitShare,
            double pipelineRuns,
            double drops,
            long flows) {}

    /** A reason's drops per second, and ever. */
    record DropRate(CounterLabel reason, double drops, long total) {}

    private double rate(long from, long to) {
        // a port id that was given to a new port counts from zero again
        return Math.max(0, to - from) / seconds;
    }

    private double rate(CountedPort port, PortNumber number) {
        return rate(before.port(port, number), now.port(port, number));
    }

    /** The busiest first. */
    List<PortRate> ports() {
        final List<PortRate> ports = new ArrayList<>();
        for (final CountedPort port : now.ports()) {
            ports.add(new PortRate(
                    port,
                    rate(port, PortNumber.RECEIVED_PACKETS),
                    8 * rate(port, PortNumber.RECEIVED_BYTES),
                    rate(port, PortNumber.SENT_PACKETS),
                    8 * rate(port, PortNumber.SENT_BYTES),
                    rate(port, PortNumber.OFFLOADED_RECEIVED_PACKETS),
                    8 * rate(port, PortNumber.OFFLOADED_RECEIVED_BYTES),
                    rate(port, PortNumber.OFFLOADED_SENT_PACKETS),
                    8 * rate(port, PortNumber.OFFLOADED_SENT_BYTES)));
        }
        ports.sort(Comparator.comparingDouble(PortRate::packets)
                .reversed()
                .thenComparing(port -> port.port().name()));
        return ports;
    }

    List<WorkerRate> workers() {
        final List<WorkerRate> workers = new ArrayList<>();
        for (int worker = 0; worker < now.workerCount(); worker++) {
            final int id = worker;
            double received = 0;
            for (final CountedPort port : now.ports()) {
                received += rate(
                        before.port(id, port, PortNumber.RECEIVED_PACKETS),
                        now.port(id, port, PortNumber.RECEIVED_PACKETS));
            }
            double drops = 0;
            for (final CounterLabel reason : now.labels(Kind.DROP)) {
                drops += rate(before.worker(id, reason), now.worker(id, reason));
            }
            final double bursts = worker(id, PathCounter.BURSTS);
            final double hits = worker(id, PathCounter.CACHE_HITS);
            workers.add(new WorkerRate(
                    id,
                    received,
                    bursts == 0 ? 0 : received / bursts,
                    received == 0 ? 0 : Math.min(1, hits / received),
                    worker(id, PathCounter.PIPELINE_RUNS),
                    drops,
                    now.values().getOrDefault("flow-cache/flows-worker-" + id, 0L)));
        }
        return workers;
    }

    private double worker(int worker, PathCounter counter) {
        return rate(before.worker(worker, counter), now.worker(worker, counter));
    }

    /** Reasons that ever occurred, the most frequent now first. */
    List<DropRate> drops() {
        final List<DropRate> drops = new ArrayList<>();
        for (final CounterLabel reason : now.labels(Kind.DROP)) {
            if (now.total(reason) != 0) {
                drops.add(new DropRate(reason, rate(before.total(reason), now.total(reason)), now.total(reason)));
            }
        }
        drops.sort(Comparator.comparingDouble(DropRate::drops)
                .thenComparingLong(DropRate::total)
                .reversed());
        return drops;
    }
}
