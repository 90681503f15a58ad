package io.weir.dataplane.observe;

import static io.weir.dataplane.memory.OffHeap.copy;
import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putIntRelease;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putLongRelease;
import static io.weir.dataplane.memory.OffHeap.zero;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes the file {@code counters}; {@link CounterLayout} draws it. The workers write their own regions; ports, values and the time
 * of the last refresh come from one control thread.
 */
final class CounterFile implements AutoCloseable {
    private final MappedFile file;
    private final CounterLayout layout;
    private final @Nullable String[] portNames;
    private final Map<String, Integer> valueRows = new HashMap<>();

    private CounterFile(MappedFile file, CounterLayout layout) {
        this.file = file;
        this.layout = layout;
        portNames = new @Nullable String[layout.ports];
    }

    static CounterFile create(Path path, String node, int workers, int ports, DropReasons reasons, long startedNs)
            throws IOException {
        final byte[] labels = labels(reasons).getBytes(StandardCharsets.UTF_8);
        final CounterLayout layout = new CounterLayout(workers, ports, labels.length);
        final MappedFile file =
                MappedFile.create(path, layout.length(), base -> header(base, layout, node, labels, startedNs));
        return new CounterFile(file, layout);
    }

    private static String labels(DropReasons reasons) {
        final StringBuilder text = new StringBuilder(8192);
        for (final DropReason reason : reasons.all()) {
            label(text, "drop", PathCounters.dropIndex(reason.id()), reason.label(), reason.sentence());
        }
        for (final PathCounter counter : PathCounter.values()) {
            label(text, "counter", PathCounters.index(counter), counter.label(), counter.sentence());
        }
        for (final PortNumber number : PortNumber.values()) {
            label(text, "port", number.index(), number.label(), number.sentence());
        }
        return text.toString();
    }

    private static void label(StringBuilder text, String kind, int index, String label, String sentence) {
        text.append(kind).append('\t').append(index).append('\t').append(label);
        text.append('\t').append(sentence).append('\n');
    }

    private static void header(long base, CounterLayout layout, String node, byte[] labels, long startedNs) {
        text(base, CounterLayout.MAGIC, CounterLayout.VERSION_AT);
        putInt(base + CounterLayout.VERSION_AT, CounterLayout.VERSION);
        putInt(base + CounterLayout.HEADER_LENGTH_AT, CounterLayout.HEADER_LENGTH);
        putLong(base + CounterLayout.PROCESS_AT, ProcessHandle.current().pid());
        putLong(base + CounterLayout.STARTED_AT, startedNs);
        putLong(base + CounterLayout.REFRESHED_AT, startedNs);
        putInt(base + CounterLayout.WORKERS_AT, layout.workers);
        putInt(base + CounterLayout.PORTS_AT, layout.ports);
        putLong(base + CounterLayout.LABELS_AT, layout.labels);
        putLong(base + CounterLayout.LABELS_LENGTH_AT, layout.labelsLength);
        putLong(base + CounterLayout.PORT_ROWS_AT, layout.portRows);
        putInt(base + CounterLayout.ROW_LENGTH_AT, CounterLayout.ROW_LENGTH);
        putLong(base + CounterLayout.VALUE_ROWS_AT, layout.valueRows);
        putInt(base + CounterLayout.VALUE_ROW_COUNT_AT, CounterLayout.VALUE_ROWS);
        putLong(base + CounterLayout.WORKER_AT, layout.worker);
        putLong(base + CounterLayout.WORKER_STRIDE_AT, layout.workerStride);
        putInt(base + CounterLayout.PORT_BASE_AT, PathCounters.portIndex(0));
        putInt(base + CounterLayout.PORT_STRIDE_AT, PathCounters.PORT_STRIDE);
        text(base + CounterLayout.NODE_NAME_AT, node, CounterLayout.NODE_NAME_LENGTH);
        copy(labels, 0, base + layout.labels, labels.length);
    }

    /** Cut off where it does not fit; the rest of the field is zeroed. */
    private static void text(long at, String text, int room) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        final int length = Math.min(bytes.length, room);
        copy(bytes, 0, at, length);
        zero(at + length, room - length);
    }

    /** The zeroed memory for one worker's {@link PathCounters}. */
    long workerAddress(int worker) {
        return file.address() + layout.worker + layout.workerStride * worker;
    }

    /** The ports that there are now, by id. */
    void ports(List<@Nullable Ingress> ingresses) {
        for (int id = 0; id < layout.ports; id++) {
            final Ingress ingress = id < ingresses.size() ? ingresses.get(id) : null;
            final String name = ingress == null ? null : ingress.name();
            if (!Objects.equals(name, portNames[id])) {
                portNames[id] = name;
                final long row = file.address() + layout.portRows + (long) CounterLayout.ROW_LENGTH * id;
                putIntRelease(row + CounterLayout.ROW_IN_USE, 0);
                if (ingress != null) {
                    text(
                            row + CounterLayout.ROW_ROLE,
                            DropReasons.labelOf(ingress.role().name()),
                            CounterLayout.ROLE_LENGTH);
                    text(row + CounterLayout.ROW_NAME, ingress.name(), CounterLayout.NAME_LENGTH);
                    putIntRelease(row + CounterLayout.ROW_IN_USE, 1);
                }
            }
        }
    }

    /** A number of the whole node under a name of its own; more names than there are rows are left out. */
    void value(String name, long value) {
        final Integer known = valueRows.get(name);
        final int index = known != null ? known : valueRows.size();
        if (index >= CounterLayout.VALUE_ROWS) {
            return;
        }
        final long row = file.address() + layout.valueRows + (long) CounterLayout.ROW_LENGTH * index;
        putLongRelease(row + CounterLayout.ROW_VALUE, value);
        if (known == null) {
            valueRows.put(name, index);
            text(row + CounterLayout.ROW_NAME, name, CounterLayout.NAME_LENGTH);
            putIntRelease(row + CounterLayout.ROW_IN_USE, 1);
        }
    }

    /** The writer lives. */
    void refreshed(long nowNs) {
        putLongRelease(file.address() + CounterLayout.REFRESHED_AT, nowNs);
    }

    @Override
    public void close() {
        Arrays.fill(portNames, null);
        file.close();
    }
}
