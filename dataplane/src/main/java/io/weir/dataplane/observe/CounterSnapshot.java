package io.weir.dataplane.observe;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * All counters of a weir at one moment: a copy.
 *
 * @param node        name of the node
 * @param processId   of the weir that writes, or wrote, the file
 * @param startedNs   when it started, ns since 1970
 * @param refreshedNs when it last showed a sign of life, ns since 1970
 * @param takenNs     when the copy was made, ns since 1970
 * @param labels      what the numbers stand for
 * @param ports       the ports that there are
 * @param workers     each worker's array of numbers
 * @param values      numbers of the whole node, by name
 */
public record CounterSnapshot(
        String node,
        long processId,
        long startedNs,
        long refreshedNs,
        long takenNs,
        List<CounterLabel> labels,
        List<CountedPort> ports,
        List<long[]> workers,
        SortedMap<String, Long> values) {
    /** After this long without a refresh, the writer is taken for dead or stuck. */
    private static final long SILENCE_NS = 5_000_000_000L;

    public CounterSnapshot {
        labels = List.copyOf(labels);
        ports = List.copyOf(ports);
        workers = List.copyOf(workers);
    }

    /** The weir that wrote this forwards packets now. */
    public boolean isRunning() {
        return takenNs - refreshedNs < SILENCE_NS;
    }

    public int workerCount() {
        return workers.size();
    }

    /** A number of one worker. */
    public long worker(int worker, CounterLabel label) {
        return workers.get(worker)[label.index()];
    }

    /** A number of one worker. */
    public long worker(int worker, PathCounter counter) {
        return workers.get(worker)[PathCounters.index(counter)];
    }

    /** The sum over all workers. */
    public long total(CounterLabel label) {
        return sum(label.index());
    }

    /** The sum over all workers. */
    public long total(PathCounter counter) {
        return sum(PathCounters.index(counter));
    }

    /** A port's number of one worker. */
    public long port(int worker, CountedPort port, PortNumber number) {
        return workers.get(worker)[PathCounters.portIndex(port.id()) + number.index()];
    }

    /** A port's number, the sum over all workers. */
    public long port(CountedPort port, PortNumber number) {
        return sum(PathCounters.portIndex(port.id()) + number.index());
    }

    private long sum(int index) {
        long sum = 0;
        for (final long[] worker : workers) {
            sum += worker[index];
        }
        return sum;
    }

    /** All labels of a kind, in the order of their indexes. */
    public List<CounterLabel> labels(CounterLabel.Kind kind) {
        return labels.stream().filter(label -> label.kind() == kind).toList();
    }

    /** Dropped packets of all reasons and workers. */
    public long totalDrops() {
        return labels(CounterLabel.Kind.DROP).stream().mapToLong(this::total).sum();
    }

    /** The label of a drop reason; null for an id that this weir does not know. */
    public @Nullable CounterLabel reason(int id) {
        return labels.stream()
                .filter(label -> label.kind() == CounterLabel.Kind.DROP && label.index() == PathCounters.dropIndex(id))
                .findFirst()
                .orElse(null);
    }

    /** The port's name, or its number when it is gone. */
    public String portName(int id) {
        return ports.stream()
                .filter(port -> port.id() == id)
                .findFirst()
                .map(CountedPort::name)
                .orElse("port " + id);
    }
}
