package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getLongAcquire;
import static io.weir.dataplane.memory.OffHeap.putLongRelease;

import io.weir.dataplane.memory.OffHeap;

/**
 * How much went through tunnels, by their far ends: one worker writes, anybody reads. A far end is a number that the control
 * side gave it; number 0 stands for those that have none.
 *
 * <pre>
 *  64 bytes each:  0 received packets   8 received bytes   16 sent packets   24 sent bytes   32 refused packets
 * </pre>
 *
 * <p>Bytes are those of the inner IP packets.
 */
public final class TunnelTally implements AutoCloseable {
    /** Far ends have numbers below this. */
    public static final int CAPACITY = 4096;

    private static final int ENTRY_LENGTH = 64;
    private static final int RECEIVED = 0;
    private static final int SENT = 16;
    private static final int REFUSED = 32;

    private final long memory = OffHeap.allocate((long) CAPACITY * ENTRY_LENGTH);

    /**
     * What was counted for one far end.
     *
     * @param refused packets from it that were dropped because of their tunnel headers
     */
    public record Totals(long receivedPackets, long receivedBytes, long sentPackets, long sentBytes, long refused) {
        public static final Totals ZERO = new Totals(0, 0, 0, 0, 0);

        /** Both together. */
        public Totals plus(Totals other) {
            return new Totals(
                    receivedPackets + other.receivedPackets,
                    receivedBytes + other.receivedBytes,
                    sentPackets + other.sentPackets,
                    sentBytes + other.sentBytes,
                    refused + other.refused);
        }

        /** What has come since then. */
        public Totals minus(Totals before) {
            return new Totals(
                    receivedPackets - before.receivedPackets,
                    receivedBytes - before.receivedBytes,
                    sentPackets - before.sentPackets,
                    sentBytes - before.sentBytes,
                    refused - before.refused);
        }
    }

    /** The owner: a packet came from this far end and was taken. */
    public void received(int farEnd, int bytes) {
        count(farEnd, RECEIVED, bytes);
    }

    /** The owner: a packet goes to this far end. */
    public void sent(int farEnd, int bytes) {
        count(farEnd, SENT, bytes);
    }

    /** The owner: a packet from this far end is dropped. */
    public void refused(int farEnd) {
        add(memory + (long) farEnd * ENTRY_LENGTH + REFUSED, 1);
    }

    private void count(int farEnd, int offset, int bytes) {
        final long at = memory + (long) farEnd * ENTRY_LENGTH + offset;
        add(at, 1);
        add(at + 8, bytes);
    }

    private static void add(long at, long by) {
        putLongRelease(at, getLong(at) + by);
    }

    /** Any thread. */
    public Totals read(int farEnd) {
        final long at = memory + (long) farEnd * ENTRY_LENGTH;
        return new Totals(
                getLongAcquire(at + RECEIVED),
                getLongAcquire(at + RECEIVED + 8),
                getLongAcquire(at + SENT),
                getLongAcquire(at + SENT + 8),
                getLongAcquire(at + REFUSED));
    }

    @Override
    public void close() {
        OffHeap.free(memory);
    }
}
