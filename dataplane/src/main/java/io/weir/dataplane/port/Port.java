package io.weir.dataplane.port;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.util.function.IntConsumer;

/**
 * One worker's queue pair of a place where packets come from and go to. Called by its worker only, never blocks.
 */
public interface Port extends AutoCloseable {
    /** As in the configuration and in all reports: {@code uplink}, {@code ns/pod}. */
    String name();

    /**
     * Adds packets that have arrived to the burst, in slots of the pool, until the burst is full or none is left.
     *
     * @return packets added
     */
    int receive(Burst burst, PacketPool pool);

    /**
     * Sends the packets of a burst in order. The port has copied or sent them when it returns: the worker releases all
     * slots. A port whose {@link #takesBigPackets()} is false is given no big packets and no partial checksums.
     *
     * @return packets sent; those that were neither sent nor given to {@link #drops} found the transmit queue full
     */
    int transmit(Burst burst);

    /** From now on the port reports here what it loses. */
    default void drops(PortDrops drops) {}

    /** Whether segmentation and checksums can be left to the far side. */
    default boolean takesBigPackets() {
        return false;
    }

    /**
     * Calls back with each open file of the port's that becomes readable when a packet arrives, so that a thread can wait for
     * it; the files stay the same while the port is open. Not for the packet path.
     *
     * @return false if there is none, and the port must be polled
     */
    default boolean files(IntConsumer file) {
        return false;
    }

    @Override
    void close();
}
