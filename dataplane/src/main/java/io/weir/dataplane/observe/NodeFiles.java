package io.weir.dataplane.observe;

import static io.weir.dataplane.memory.OffHeap.copy;
import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putLong;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.pipeline.DropReasons;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemEpochClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.jspecify.annotations.Nullable;

/**
 * The files in which a running weir shows itself: {@code counters}, {@code events} and {@code errors} in the node's runtime
 * directory, which belongs to the user who runs weir and is closed to others, because events hold bytes of packets.
 */
public final class NodeFiles implements AutoCloseable {
    /** Where the directories of all nodes are when nobody says otherwise. */
    public static final Path DEFAULT_ROOT = Path.of("/run/weir");

    public static final String COUNTERS = "counters";
    public static final String EVENTS = "events";
    public static final String ERRORS = "errors";
    public static final String SOCKET = "api.sock";

    private static final int ERRORS_LENGTH = 1 << 20;

    private final Path directory;
    private final CounterFile counters;
    private final MappedFile events;
    private final MappedFile errors;
    private final DistinctErrorLog errorLog;
    private final PacketEvents[] rings;

    private NodeFiles(
            Path directory, CounterFile counters, MappedFile events, MappedFile errors, PacketEvents[] rings) {
        this.directory = directory;
        this.counters = counters;
        this.events = events;
        this.errors = errors;
        this.rings = rings;
        errorLog = new DistinctErrorLog(new UnsafeBuffer(errors.address(), ERRORS_LENGTH), SystemEpochClock.INSTANCE);
    }

    /**
     * Makes the directory and the files in it; files of an earlier weir are replaced, and who still reads them is not
     * disturbed.
     *
     * @param directory as {@code /run/weir/NODE}
     * @param maxPorts  port ids are below this
     * @param clock     the workers' clock
     */
    public static NodeFiles create(
            Path directory, String node, int workers, int maxPorts, DropReasons reasons, NanoClock clock)
            throws IOException {
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        final long nowNs = System.currentTimeMillis() * 1_000_000L;
        final long clockOffsetNs = nowNs - clock.nanoTime();
        final CounterFile counters =
                CounterFile.create(directory.resolve(COUNTERS), node, workers, maxPorts, reasons, nowNs);
        final MappedFile events = MappedFile.create(
                directory.resolve(EVENTS), EventLayout.length(workers), base -> eventHeader(base, workers));
        final MappedFile errors = MappedFile.create(directory.resolve(ERRORS), ERRORS_LENGTH, _ -> {});
        final PacketEvents[] rings = new PacketEvents[workers];
        for (int i = 0; i < workers; i++) {
            rings[i] = new EventRing(
                    events.address() + EventLayout.HEADER_LENGTH + EventLayout.RING_STRIDE * i, clockOffsetNs);
        }
        return new NodeFiles(directory, counters, events, errors, rings);
    }

    private static void eventHeader(long base, int workers) {
        copy(EventLayout.MAGIC.getBytes(StandardCharsets.UTF_8), 0, base, 8);
        putInt(base + EventLayout.VERSION_AT, EventLayout.VERSION);
        putInt(base + EventLayout.WORKERS_AT, workers);
        putInt(base + EventLayout.RECORDS_AT, EventLayout.RECORDS);
        putInt(base + EventLayout.RECORD_LENGTH_AT, EventLayout.RECORD_LENGTH);
        putLong(base + EventLayout.RING_AT, EventLayout.HEADER_LENGTH);
        putLong(base + EventLayout.RING_STRIDE_AT, EventLayout.RING_STRIDE);
    }

    public Path directory() {
        return directory;
    }

    /** Zeroed memory for a worker's {@link PathCounters}, for as many ports as the file was made for. */
    public long counterMemory(int worker) {
        return counters.workerAddress(worker);
    }

    /** Where a worker takes down events. */
    public PacketEvents events(int worker) {
        return rings[worker];
    }

    /** Takes errors of any thread down: each distinct one once, with a count. */
    public ErrorHandler errors() {
        return errorLog::record;
    }

    /**
     * Shows which ports there are, the given numbers of the whole node, and that this process lives. Call it about once a
     * second and whenever ports come or go; one thread at a time.
     *
     * @param ports  by id
     * @param values lower-kebab names with a slash between subject and number, as {@code conntrack/connections}
     */
    public synchronized void refresh(List<@Nullable Ingress> ports, Map<String, Long> values) {
        counters.ports(ports);
        values.forEach(counters::value);
        counters.refreshed(System.currentTimeMillis() * 1_000_000L);
    }

    /** Unmaps and removes the files: a weir that ends in good order leaves nothing. Close the dataplane first. */
    @Override
    public synchronized void close() throws IOException {
        CloseHelper.closeAll(counters, events, errors);
        for (final String file : List.of(COUNTERS, EVENTS, ERRORS)) {
            Files.deleteIfExists(directory.resolve(file));
        }
    }
}
