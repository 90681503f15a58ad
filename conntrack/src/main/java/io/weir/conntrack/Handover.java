package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;

/**
 * Connections whose segments somebody else carries for a while: conntrack sees none of them, but is told how many they were.
 * An established TCP connection is handed over and taken back as often as one likes.
 *
 * <p>What conntrack knows of its windows is outdated from then on, so from the first handover to its end a connection is
 * never judged by them, as Linux does with the flows of a flowtable. They are still followed: the first segment of each
 * direction after the connection was taken back says anew where the direction is. Both ends of a connection that is handed
 * over have to be known to be who they say; nothing else keeps a forged segment out.
 *
 * <p>Called by one thread, while workers handle the connection's segments.
 */
public final class Handover {
    private static final int CLOSING = Entry.FIN_ORIGINAL | Entry.FIN_REPLY;

    private final ConntrackTable table;

    Handover(ConntrackTable table) {
        this.table = table;
    }

    /**
     * From now on segments may be missing.
     *
     * @return false when the connection can't be handed over: ended, not established in both directions or closing
     */
    public boolean begin(int entry, int generation) {
        final long address = table.address(entry);
        long control;
        do {
            control = Entry.control(address);
            final int status = Entry.status(control);
            if (!isOpen(control, generation) || (status & Entry.REPLIED) == 0 || (status & CLOSING) != 0) {
                return false;
            }
        } while (!change(address, control, (Entry.status(control) & ~Entry.RELEARN) | Entry.HANDED_OVER));
        return true;
    }

    /**
     * The numbers of a segment that would be valid now, without payload; of no meaning when the connection has ended.
     *
     * @return sequence number in the upper half, acknowledgement number in the lower
     */
    public long validNumbers(int entry, boolean reply) {
        final long address = table.address(entry);
        return ((long) TcpWindow.endOf(address, reply) << 32) | (TcpWindow.endOf(address, !reply) & 0xFFFF_FFFFL);
    }

    /** Its segments come again; where the windows are is learnt from them. */
    public void end(int entry, int generation) {
        final long address = table.address(entry);
        long control = Entry.control(address);
        if (Entry.generation(control) == generation) {
            TcpWindow.settle(address);
        }
        while (Entry.generation(control) == generation
                && !change(address, control, Entry.status(control) | Entry.RELEARN)) {
            control = Entry.control(address);
        }
    }

    private static boolean change(long address, long control, int status) {
        return OffHeap.compareAndSetLong(
                address + Entry.CONTROL, control, Entry.control(Entry.generation(control), status));
    }

    /** The connection of this generation is still established, and neither side has begun to close it. */
    public boolean isOpen(int entry, int generation) {
        return isOpen(Entry.control(table.address(entry)), generation);
    }

    private static boolean isOpen(long control, int generation) {
        return Entry.generation(control) == generation
                && (Entry.status(control) & (Entry.STATE_MASK | Entry.KIND_MASK)) == TcpState.ESTABLISHED.code;
    }

    /** Adds what was carried to the connection's counters, and lets it live on. */
    public void carried(int entry, int generation, boolean reply, long packets, long bytes, long nowNs) {
        final long address = table.address(entry);
        final long control = Entry.control(address);
        if (Entry.generation(control) == generation) {
            table.account(address, reply, packets, bytes);
            table.touch(entry, Entry.status(control), nowNs);
        }
    }

    /**
     * Worker: the connection was handed over after the caller has read its status, so its windows may have moved since, and what they
     * have said about a segment does not count.
     */
    static boolean hasBegunSince(int status, long address) {
        return (status & Entry.HANDED_OVER) == 0 && (Entry.status(Entry.control(address)) & Entry.HANDED_OVER) != 0;
    }

    /**
     * Worker: moves the windows by a segment of a connection that was handed over.
     *
     * @param control as the caller has read it
     */
    static void follow(long address, long control, boolean reply, long tcp, int segmentLength) {
        final int status = Entry.status(control);
        final int own = Entry.relearn(reply);
        if ((status & own) == 0) {
            TcpWindow.advance(address, reply, tcp, segmentLength);
            return;
        }
        TcpWindow.relearn(address, reply, (status & Entry.relearn(!reply)) != 0, tcp, segmentLength);
        change(address, control, status & ~own); // who was faster changed the state: the next segment tries again
    }
}
