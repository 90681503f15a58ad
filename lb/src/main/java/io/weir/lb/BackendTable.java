package io.weir.lb;

import io.weir.conntrack.BackendStates;
import io.weir.dataplane.memory.OffHeap;
import java.lang.invoke.VarHandle;
import org.agrona.collections.IntArrayList;

/**
 * What is true of each backend right now, shared by conductor and workers: whether it is gone, which version slot stands
 * for it, and its counters.
 *
 * <p>A backend's id lasts as long as the backend. Its low 20 bits are an index, the bits above count how often the index
 * was given out, so that an id that a connection still holds is never mistaken for the next owner's.
 *
 * <p>One 64-byte line per index:
 *
 * <pre>
 *  0        4        8             16         24        32      40             48            56     60
 *  | id     | slot   | connections | chosen   | packets | bytes | address high | address low | port | 1: its node
 *  | (-1:   |        | (now)       | (ever)   |         |       |              |             |      | answers
 *  |  gone) |        |             |          |         |       |              |             |      | directly
 * </pre>
 */
public final class BackendTable implements BackendStates, AutoCloseable {
    /** No backend. */
    public static final int NONE = -1;

    /** Most backends that {@link #BackendTable} takes: 2^20. */
    public static final int MAX_CAPACITY = 1 << 20;

    private static final int INDEX_BITS = 20;
    private static final int INDEX_MASK = MAX_CAPACITY - 1;
    private static final int GENERATIONS = 1 << (31 - INDEX_BITS);
    private static final int LINE = 64;
    private static final int ID_OFFSET = 0;
    private static final int SLOT_OFFSET = 4;
    private static final int CONNECTIONS_OFFSET = 8;
    private static final int CHOSEN_OFFSET = 16;
    private static final int PACKETS_OFFSET = 24;
    private static final int BYTES_OFFSET = 32;
    private static final int HIGH_OFFSET = 40;
    private static final int LOW_OFFSET = 48;
    private static final int PORT_OFFSET = 56;
    private static final int DIRECT_OFFSET = 60;

    private final long address;
    private final int capacity;
    private final short[] generations;
    private final IntArrayList free = new IntArrayList();
    private int freeHead;
    private int next;
    private int inUse;

    /** @param capacity backends at a time, 1 to {@link #MAX_CAPACITY}; 64 bytes each, touched when first used */
    public BackendTable(int capacity) {
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException("capacity " + capacity + " is outside 1.." + MAX_CAPACITY);
        }
        this.capacity = capacity;
        address = OffHeap.allocate((long) capacity * LINE);
        generations = new short[capacity];
    }

    public int capacity() {
        return capacity;
    }

    /** Backends that have an id now. */
    public int inUse() {
        return inUse;
    }

    /**
     * Conductor: an id for a new backend.
     *
     * @throws IllegalStateException when the capacity is used up
     */
    int allocate(int versionSlot) {
        final int index;
        if (next < capacity) {
            index = next++;
        } else if (freeHead < free.size()) {
            // First freed, first reused: an index rests as long as possible before a new owner gets it.
            index = free.getInt(freeHead++);
            if (freeHead > 1024 && freeHead > free.size() / 2) {
                compactFree();
            }
        } else {
            throw new IllegalStateException("all " + capacity + " backend ids are in use");
        }
        inUse++;
        final int generation = generations[index];
        generations[index] = (short) ((generation + 1) % GENERATIONS);
        final int id = generation << INDEX_BITS | index;
        final long line = line(id);
        // no reader may take the new owner's fields for those of the owner before, whose connections may still live
        OffHeap.putIntOpaque(line + ID_OFFSET, NONE);
        VarHandle.releaseFence();
        OffHeap.putIntOpaque(line + SLOT_OFFSET, versionSlot);
        OffHeap.putIntOpaque(line + DIRECT_OFFSET, 0);
        OffHeap.putLongOpaque(line + CONNECTIONS_OFFSET, 0);
        OffHeap.putLongOpaque(line + CHOSEN_OFFSET, 0);
        OffHeap.putLongOpaque(line + PACKETS_OFFSET, 0);
        OffHeap.putLongOpaque(line + BYTES_OFFSET, 0);
        OffHeap.putIntRelease(line + ID_OFFSET, id);
        return id;
    }

    private void compactFree() {
        final int left = free.size() - freeHead;
        for (int i = 0; i < left; i++) {
            free.setInt(i, free.getInt(freeHead + i));
        }
        while (free.size() > left) {
            free.removeAt(free.size() - 1);
        }
        freeHead = 0;
    }

    /**
     * Conductor: the backend leaves the spec; its index may be given to another.
     *
     * @param gone true when its connections must be decided again at once; false to let them live until the index has a
     *             new owner
     */
    void release(int id, boolean gone) {
        if (gone) {
            OffHeap.putIntRelease(line(id) + ID_OFFSET, NONE);
        }
        free.addInt(id & INDEX_MASK);
        inUse--;
    }

    /** Conductor: where the backend is; before a packet can know its id, or when its place has changed. */
    void place(int id, BackendSpec spec) {
        final long line = line(id);
        OffHeap.putLongOpaque(line + HIGH_OFFSET, spec.address().high());
        OffHeap.putLongOpaque(line + LOW_OFFSET, spec.address().low());
        OffHeap.putIntOpaque(line + PORT_OFFSET, spec.port());
        OffHeap.putIntRelease(line + DIRECT_OFFSET, spec.place() == BackendPlace.PEER ? 1 : 0);
    }

    @Override
    public boolean isDirect(int backend) {
        return OffHeap.getIntAcquire(line(backend) + DIRECT_OFFSET) != 0 && !isGone(backend);
    }

    /** The backend's address, right if {@link #isDirect} says yes afterwards. */
    long high(int backend) {
        return OffHeap.getLongOpaque(line(backend) + HIGH_OFFSET);
    }

    long low(int backend) {
        return OffHeap.getLongOpaque(line(backend) + LOW_OFFSET);
    }

    int port(int backend) {
        return OffHeap.getIntOpaque(line(backend) + PORT_OFFSET);
    }

    @Override
    public boolean isGone(int backend) {
        return OffHeap.getIntAcquire(line(backend) + ID_OFFSET) != backend;
    }

    /** The version slot that changes when the backend goes: for {@code Decision.dependsOn}. */
    public int versionSlot(int backend) {
        return OffHeap.getIntOpaque(line(backend) + SLOT_OFFSET);
    }

    @Override
    public void opened(int backend) {
        add(backend, CONNECTIONS_OFFSET, 1);
    }

    @Override
    public void closed(int backend, long packets, long bytes) {
        add(backend, CONNECTIONS_OFFSET, -1);
        add(backend, PACKETS_OFFSET, packets);
        add(backend, BYTES_OFFSET, bytes);
    }

    /** The service stage chose it for a new connection. */
    void chosen(int backend) {
        add(backend, CHOSEN_OFFSET, 1);
    }

    /** Connections now. */
    public long connections(int backend) {
        // A close can overtake the count's reset when an index changes hands; a person or a scheduler sees no debt.
        return Math.max(0, OffHeap.getLongOpaque(line(backend) + CONNECTIONS_OFFSET));
    }

    /** How often it was chosen for a new connection. */
    public long chosenCount(int backend) {
        return OffHeap.getLongOpaque(line(backend) + CHOSEN_OFFSET);
    }

    /** Packets of both directions of connections that have ended. */
    public long packets(int backend) {
        return OffHeap.getLongOpaque(line(backend) + PACKETS_OFFSET);
    }

    /** Bytes of both directions of connections that have ended, IP headers included. */
    public long bytes(int backend) {
        return OffHeap.getLongOpaque(line(backend) + BYTES_OFFSET);
    }

    private void add(int backend, int offset, long amount) {
        if (isGone(backend)) {
            return;
        }
        final long counter = line(backend) + offset;
        long before;
        do {
            before = OffHeap.getLongOpaque(counter);
        } while (!OffHeap.compareAndSetLong(counter, before, before + amount));
    }

    private long line(int backend) {
        return address + (long) (backend & INDEX_MASK) * LINE;
    }

    @Override
    public void close() {
        OffHeap.free(address);
    }
}
