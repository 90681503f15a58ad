package io.weir.dataplane.offload;

import io.weir.dataplane.linux.BpfTable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.IntArrayList;

/** The entries of {@link KernelOffload} and their slots. A slot that was in use rests until no program can know it any more. */
final class OffloadTable implements AutoCloseable {
    /** Which part of the slots rests before the programs are waited for: that takes milliseconds. */
    private static final int RESTING_PART = 16;

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Held(byte[] bytes, int slot, int egressPort) {}

    private final BpfTable table;
    private final Map<OffloadKey, Held> entries = new HashMap<>();
    private final IntArrayList free = new IntArrayList();
    private final IntArrayList resting = new IntArrayList();

    OffloadTable(int slots) {
        table = BpfTable.create("weir_offload", slots, OffloadEntry.KEY_LENGTH, OffloadEntry.LENGTH);
        for (int slot = slots - 1; slot >= 0; slot--) {
            free.addInt(slot);
        }
    }

    BpfTable table() {
        return table;
    }

    /** False when there is no slot. What an earlier entry of this key has counted stays. */
    boolean add(OffloadedFlow flow, int ingressInterface, int egressInterface) {
        final int slot = freeSlot();
        if (slot < 0) {
            return false;
        }
        final OffloadCount earlier = remove(flow.key());
        final byte[] bytes = OffloadEntry.key(ingressInterface, flow.key());
        final long entry = table.value(slot);
        OffloadEntry.write(entry, bytes, egressInterface, flow, earlier);
        try {
            table.put(bytes, slot);
        } catch (final RuntimeException e) {
            resting.addInt(slot);
            throw e;
        }
        entries.put(flow.key(), new Held(bytes, slot, flow.egressPort()));
        return true;
    }

    private int freeSlot() {
        if (free.isEmpty() && resting.size() >= Math.max(1, table.slots() / RESTING_PART)) {
            table.grace();
            free.addAll(resting);
            resting.clear();
        }
        return free.isEmpty() ? -1 : free.popInt();
    }

    OffloadCount count(OffloadKey key) {
        final Held held = entries.get(key);
        return held == null ? OffloadCount.ZERO : OffloadEntry.count(table.value(held.slot));
    }

    OffloadCount remove(OffloadKey key) {
        final Held held = entries.remove(key);
        if (held == null) {
            return OffloadCount.ZERO;
        }
        final long entry = table.value(held.slot);
        OffloadEntry.shut(entry);
        table.remove(held.bytes);
        resting.addInt(held.slot);
        return OffloadEntry.count(entry);
    }

    /** Takes back all that comes in or goes out by a port. */
    void removePort(int port) {
        final List<OffloadKey> concerned = entries.entrySet().stream()
                .filter(entry -> entry.getKey().ingressPort() == port || entry.getValue().egressPort == port)
                .map(Map.Entry::getKey)
                .toList();
        concerned.forEach(this::remove);
    }

    /** Entries that there are. */
    int size() {
        return entries.size();
    }

    @Override
    public void close() {
        entries.clear();
        table.close();
    }
}
