package io.weir.dataplane.observe;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.weir.dataplane.flow.PathCounters;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads a {@code counters} file of another process, running or gone. Changes nothing. */
public final class CounterView implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment file;
    private final List<CounterLabel> labels;

    private CounterView(Arena arena, MemorySegment file) {
        this.arena = arena;
        this.file = file;
        labels = readLabels();
    }

    /**
     * Maps the file.
     *
     * @throws IOException when it can't be read or is no counters file of this version; the message says which
     */
    public static CounterView open(Path path) throws IOException {
        final Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            final MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            check(path, file);
            return new CounterView(arena, file);
        } catch (final IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static void check(Path path, MemorySegment file) throws IOException {
        if (file.byteSize() < CounterLayout.HEADER_LENGTH
                || !text(file, 0, CounterLayout.VERSION_AT).equals(CounterLayout.MAGIC)) {
            throw new IOException(path + " is no counters file of weir");
        }
        final int version = file.get(JAVA_INT_UNALIGNED, CounterLayout.VERSION_AT);
        if (version != CounterLayout.VERSION) {
            throw new IOException(path + " has version " + version + "; this weir reads " + CounterLayout.VERSION);
        }
        final long end = file.get(JAVA_LONG_UNALIGNED, CounterLayout.WORKER_AT)
                + file.get(JAVA_LONG_UNALIGNED, CounterLayout.WORKER_STRIDE_AT)
                        * file.get(JAVA_INT_UNALIGNED, CounterLayout.WORKERS_AT);
        final long stride = file.get(JAVA_LONG_UNALIGNED, CounterLayout.WORKER_STRIDE_AT);
        final int ports = file.get(JAVA_INT_UNALIGNED, CounterLayout.PORTS_AT);
        if (end > file.byteSize() || PathCounters.length(ports) > stride) {
            throw new IOException(path + " is cut off: " + file.byteSize() + " of " + end + " bytes");
        }
    }

    private static String text(MemorySegment file, long at, int room) {
        int length = 0;
        while (length < room && file.get(ValueLayout.JAVA_BYTE, at + length) != 0) {
            length++;
        }
        return new String(file.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private List<CounterLabel> readLabels() {
        final String all = text(file, longAt(CounterLayout.LABELS_AT), (int) longAt(CounterLayout.LABELS_LENGTH_AT));
        return all.lines()
                .map(line -> line.split("\t", 4))
                .filter(fields -> fields.length == 4)
                .map(fields -> new CounterLabel(
                        CounterLabel.Kind.valueOf(fields[0].toUpperCase(Locale.ROOT)),
                        Integer.parseInt(fields[1]),
                        fields[2],
                        fields[3]))
                .toList();
    }

    private int intAt(long at) {
        return file.get(JAVA_INT_UNALIGNED, at);
    }

    private long longAt(long at) {
        return file.get(JAVA_LONG_UNALIGNED, at);
    }

    /** All numbers now. Each is exact; together they are as close in time as a copy of the file takes. */
    public CounterSnapshot snapshot() {
        VarHandle.acquireFence();
        final Instant now = Instant.now();
        final List<long[]> workers = new ArrayList<>();
        final int longs = (int) (PathCounters.length(intAt(CounterLayout.PORTS_AT)) / Long.BYTES);
        for (int worker = 0; worker < intAt(CounterLayout.WORKERS_AT); worker++) {
            final long at = longAt(CounterLayout.WORKER_AT) + longAt(CounterLayout.WORKER_STRIDE_AT) * worker;
            workers.add(file.asSlice(at, 8L * longs).toArray(JAVA_LONG_UNALIGNED));
        }
        return new CounterSnapshot(
                text(file, CounterLayout.NODE_NAME_AT, CounterLayout.NODE_NAME_LENGTH),
                longAt(CounterLayout.PROCESS_AT),
                longAt(CounterLayout.STARTED_AT),
                longAt(CounterLayout.REFRESHED_AT),
                now.getEpochSecond() * 1_000_000_000L + now.getNano(),
                labels,
                readPorts(),
                workers,
                readValues());
    }

    private List<CountedPort> readPorts() {
        final List<CountedPort> ports = new ArrayList<>();
        for (int id = 0; id < intAt(CounterLayout.PORTS_AT); id++) {
            final long row = longAt(CounterLayout.PORT_ROWS_AT) + (long) CounterLayout.ROW_LENGTH * id;
            if (intAt(row + CounterLayout.ROW_IN_USE) == 1) {
                ports.add(new CountedPort(
                        id,
                        text(file, row + CounterLayout.ROW_NAME, CounterLayout.NAME_LENGTH),
                        text(file, row + CounterLayout.ROW_ROLE, CounterLayout.ROLE_LENGTH)));
            }
        }
        return ports;
    }

    private SortedMap<String, Long> readValues() {
        final SortedMap<String, Long> values = new TreeMap<>();
        for (int i = 0; i < intAt(CounterLayout.VALUE_ROW_COUNT_AT); i++) {
            final long row = longAt(CounterLayout.VALUE_ROWS_AT) + (long) CounterLayout.ROW_LENGTH * i;
            if (intAt(row + CounterLayout.ROW_IN_USE) == 1) {
                values.put(
                        text(file, row + CounterLayout.ROW_NAME, CounterLayout.NAME_LENGTH),
                        longAt(row + CounterLayout.ROW_VALUE));
            }
        }
        return values;
    }

    @Override
    public void close() {
        arena.close();
    }
}
