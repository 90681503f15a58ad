package io.weir.dataplane.port;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;

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

    @Override
    void close();
}
