package io.weir.dataplane.port;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.util.function.IntConsumer;

/**
 * A port behind a bad wire: what it receives is lost, doubled, reordered, corrupted and cut by chance. What it sends is not
 * touched: the wire's other direction is the business of the port at its other end.
 *
 * <p>A lost packet counts as received, and as dropped for {@code fault-injected}, so that every packet is still accounted
 * for; a double counts as one more received. A packet that is to be overtaken is kept aside, not counted yet, until the
 * next time that packets are asked for.
 */
public final class FaultPort implements Port {
    /** Packets that are kept aside at a time. */
    private static final int PLACES = 8;

    private final Port port;
    private final int id;
    private final Faults faults;
    private final Losses losses;
    private final long aside = OffHeap.allocate((long) PLACES * PacketPool.FRAME_CAPACITY);
    private final int[] lengths = new int[PLACES];
    private final int[] notes = new int[PLACES];
    private int waiting;

    /** Counts lost packets: the counters of the worker that owns the port. */
    public interface Losses {
        /** Packets came by a port, and a fault took them. */
        void lost(int port, int packets, long bytes);
    }

    /**
     * @param port the port behind the wire; closed with this one
     * @param id   the port's id
     */
    public FaultPort(Port port, int id, FaultSpec spec, Losses losses) {
        this.port = port;
        this.id = id;
        this.losses = losses;
        faults = new Faults(spec);
    }

    @Override
    public String name() {
        return port.name();
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        final int first = burst.size();
        bringBack(burst, pool);
        final int before = burst.size();
        port.receive(burst, pool);
        int kept = before;
        int lost = 0;
        long lostBytes = 0;
        for (int i = before; i < burst.size(); i++) {
            final int handle = burst.handle(i);
            final long address = burst.address(i);
            final int length = burst.length(i);
            if (faults.loses()) {
                lost++;
                lostBytes += length;
                pool.release(handle);
            } else if (faults.reorders() && putAside(address, length, burst.notes(i))) {
                pool.release(handle);
            } else {
                final int left = faults.lengthLeft(length);
                final int bit = faults.corruptedBit(left);
                if (bit != Faults.NONE) {
                    final long at = address + (bit >>> 3);
                    OffHeap.putByte(at, (byte) (OffHeap.getByte(at) ^ 1 << (bit & 7)));
                }
                burst.replace(kept++, handle, address, left, burst.notes(i));
            }
        }
        burst.truncate(kept);
        duplicate(burst, before, kept, pool);
        if (lost != 0) {
            losses.lost(id, lost, lostBytes);
        }
        return burst.size() - first;
    }

    private void duplicate(Burst burst, int from, int to, PacketPool pool) {
        for (int i = from; i < to; i++) {
            if (faults.duplicates()
                    && (burst.isFull() || !add(burst, pool, burst.address(i), burst.length(i), burst.notes(i)))) {
                putAside(burst.address(i), burst.length(i), burst.notes(i));
            }
        }
    }

    private boolean putAside(long frame, int length, int note) {
        if (waiting == PLACES || length > PacketPool.FRAME_CAPACITY) {
            return false;
        }
        OffHeap.copy(frame, place(waiting), length);
        lengths[waiting] = length;
        notes[waiting] = note;
        waiting++;
        return true;
    }

    private void bringBack(Burst burst, PacketPool pool) {
        int back = 0;
        while (back < waiting && !burst.isFull() && add(burst, pool, place(back), lengths[back], notes[back])) {
            back++;
        }
        for (int i = back; back != 0 && i < waiting; i++) {
            OffHeap.copy(place(i), place(i - back), lengths[i]);
            lengths[i - back] = lengths[i];
            notes[i - back] = notes[i];
        }
        waiting -= back;
    }

    private long place(int index) {
        return aside + (long) index * PacketPool.FRAME_CAPACITY;
    }

    private static boolean add(Burst burst, PacketPool pool, long frame, int length, int note) {
        final int handle = pool.acquireFor(length);
        if (handle == PacketPool.NULL_HANDLE) {
            return false;
        }
        final long copy = pool.frameAddress(handle);
        OffHeap.copy(frame, copy, length);
        burst.add(handle, copy, length, note);
        return true;
    }

    /** Packets that are kept aside now. */
    public int waiting() {
        return waiting;
    }

    @Override
    public int transmit(Burst burst) {
        return port.transmit(burst);
    }

    @Override
    public boolean takesBigPackets() {
        return port.takesBigPackets();
    }

    @Override
    public boolean files(IntConsumer file) {
        return port.files(file);
    }

    @Override
    public void close() {
        port.close();
        OffHeap.free(aside);
    }
}
