package io.weir.bench.throughput;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.Port;

/** Packets that each begin another connection: one IPv4 frame, from ever new source addresses and ports. Sends nothing. */
final class FreshSource implements Port {
    private static final int PORTS = 50_000;
    private static final int FIRST_PORT = 10_000;

    /** As many as lie in 10.0.0.0/9 above the first. */
    private static final int SENDERS = 8_000_000;

    private static final int IPV4_CHECKSUM = 24;
    private static final int SOURCE_ADDRESS = 26;
    private static final int DESTINATION_ADDRESS = 30;
    private static final int SOURCE_PORT = 34;

    private final int length;
    private final long frame;
    private final int firstSender;
    private final int firstDestination;
    private final int sumOfTheRest;
    private final int step;
    private final long turn;
    private long next;

    /**
     * @param example its source address is the first sender's, its destination the first of {@link BenchNetwork#DESTINATIONS}
     * @param first   number of the first connection
     * @param step    from one connection to the next, so that several sources share the numbers
     * @param crowded the same destinations and ports come again after {@value #PORTS} connections, from another sender; otherwise
     *                after {@value #PORTS} times the destinations
     */
    FreshSource(byte[] example, int first, int step, boolean crowded) {
        length = example.length;
        frame = OffHeap.allocate(length + 7 & -8);
        OffHeap.copy(example, 0, frame, length);
        firstSender = OffHeap.getIntBigEndian(frame + SOURCE_ADDRESS);
        firstDestination = OffHeap.getIntBigEndian(frame + DESTINATION_ADDRESS);
        int sum = 0;
        for (int at = 14; at < SOURCE_ADDRESS; at += 2) {
            sum += at == IPV4_CHECKSUM ? 0 : OffHeap.getShortBigEndian(frame + at);
        }
        sumOfTheRest = sum;
        next = first;
        this.step = step;
        turn = crowded ? Long.MAX_VALUE : PORTS;
    }

    @Override
    public String name() {
        return "fresh";
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        int received = 0;
        while (!burst.isFull()) {
            final int handle = pool.acquireFor(length);
            if (handle == PacketPool.NULL_HANDLE) {
                break;
            }
            final long target = pool.frameAddress(handle);
            for (int at = 0; at < length; at += 8) {
                OffHeap.putLong(target + at, OffHeap.getLong(frame + at));
            }
            final int sender = firstSender + (int) (next / PORTS % SENDERS);
            final int destination = firstDestination + (int) ((next + next / turn) % BenchNetwork.DESTINATIONS);
            OffHeap.putIntBigEndian(target + SOURCE_ADDRESS, sender);
            OffHeap.putIntBigEndian(target + DESTINATION_ADDRESS, destination);
            OffHeap.putShortBigEndian(target + SOURCE_PORT, FIRST_PORT + (int) (next % PORTS));
            int sum =
                    sumOfTheRest + (sender >>> 16) + (sender & 0xFFFF) + (destination >>> 16) + (destination & 0xFFFF);
            sum = (sum & 0xFFFF) + (sum >>> 16);
            OffHeap.putShortBigEndian(target + IPV4_CHECKSUM, ~((sum & 0xFFFF) + (sum >>> 16)));
            burst.add(handle, target, length, 0);
            next += step;
            received++;
        }
        return received;
    }

    @Override
    public int transmit(Burst burst) {
        return 0;
    }

    @Override
    public void close() {
        OffHeap.free(frame);
    }
}
