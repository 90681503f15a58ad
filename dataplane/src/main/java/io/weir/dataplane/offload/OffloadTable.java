package io.weir.dataplane.offload;

import io.weir.dataplane.linux.BpfTable;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.agrona.collections.IntArrayList;

/** The entries of {@link KernelOffload} and their slots. A slot that was in use rests until no program can know it any more. */
final class OffloadTable implements AutoCloseable {
    /** Which part of the slots rests before the programs are waited for: that takes milliseconds. */
    private static final int RESTING_PART = 16;

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Held(byte[] bytes, int slot, int egressPort, OffloadKey partner) {}

    private final BpfTable table;
    private final Map<OffloadKey, Held> entries = new HashMap<>();

    /** Whose keys of packets by tunnel are: two tunnels may look alike to a program. */
    private final Map<ByteBuffer, OffloadKey> byTunnel = new HashMap<>();

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

    /**
     * False when there are no slots for both, or when packets of another entry would look the same. What an earlier entry of one of the keys has counted stays.
     *
     * @param originalEnd where packets of the original direction come in
     * @param replyEnd    where those of the reply direction do, so where the others go out
     */
    boolean add(OffloadedFlow original, OffloadEnd originalEnd, OffloadedFlow reply, OffloadEnd replyEnd) {
        if (isAnothers(original, originalEnd) || isAnothers(reply, replyEnd) || !has(2)) {
            return false;
        }
        final int originalSlot = free.popInt();
        final int replySlot = free.popInt();
        final byte[] originalKey = write(original, originalEnd.key(), originalSlot, replyEnd.egress(), replySlot);
        final byte[] replyKey = write(reply, replyEnd.key(), replySlot, originalEnd.egress(), originalSlot);
        try {
            // both are there before a program can find one: what closes it finds the other
            publish(original, originalKey, originalSlot);
            publish(reply, replyKey, replySlot);
        } catch (final RuntimeException e) {
            if (!entries.containsKey(original.key())) {
                resting.addInt(originalSlot);
            }
            remove(original.key());
            resting.addInt(replySlot);
            throw e;
        }
        return true;
    }

    private boolean isAnothers(OffloadedFlow flow, OffloadEnd end) {
        if (!flow.key().isByTunnel()) {
            return false;
        }
        final OffloadKey owner = byTunnel.get(ByteBuffer.wrap(OffloadEntry.key(end.key(), flow.key())));
        return owner != null && !owner.equals(flow.key());
    }

    private byte[] write(OffloadedFlow flow, int ingressInterface, int slot, int egressInterface, int partner) {
        final byte[] key = OffloadEntry.key(ingressInterface, flow.key());
        OffloadEntry.write(table.value(slot), key, egressInterface, flow, partner, remove(flow.key()));
        return key;
    }

    private void publish(OffloadedFlow flow, byte[] key, int slot) {
        table.put(key, slot);
        if (flow.key().isByTunnel()) {
            byTunnel.put(ByteBuffer.wrap(key), flow.key());
        }
        entries.put(flow.key(), new Held(key, slot, flow.egressPort(), flow.answers()));
    }

    private boolean has(int slots) {
        if (free.size() < slots && resting.size() >= Math.max(slots, table.slots() / RESTING_PART)) {
            table.grace();
            free.addAll(resting);
            resting.clear();
        }
        return free.size() >= slots;
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
        final Held partner = entries.get(held.partner);
        if (partner != null && partner.partner.equals(key)) {
            // before the slot rests: who gets it next is no partner
            OffloadEntry.leave(table.value(partner.slot));
        }
        table.remove(held.bytes);
        if (key.isByTunnel()) {
            byTunnel.remove(ByteBuffer.wrap(held.bytes));
        }
        resting.addInt(held.slot);
        return OffloadEntry.count(entry);
    }

    /** Takes back all that comes in or goes out by a port. */
    void removePort(int port) {
        final List<OffloadKey> concerned = entries.entrySet().stream()
                .filter(entry -> entry.getKey().ingressPort() == port || entry.getValue().egressPort == port)
                .flatMap(entry -> Stream.of(entry.getKey(), entry.getValue().partner))
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
