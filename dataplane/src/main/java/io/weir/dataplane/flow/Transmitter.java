package io.weir.dataplane.flow;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.port.PortDrops;
import io.weir.dataplane.route.AdjacencyTable;
import org.jspecify.annotations.Nullable;

/**
 * The way out of a worker: collects packets per port, and sends them in bursts. A packet given to it is accounted for here:
 * sent, or dropped as {@code transmit-full} or {@code port-down}.
 */
public final class Transmitter {
    private final PacketPool pool;
    private final PathCounters counters;
    private final int burstCapacity;
    private final @Nullable Port[] ports;
    private final @Nullable Burst[] bursts;
    private final int[] dirty;
    private int dirtyCount;
    private @Nullable Offload offload;
    private @Nullable TunnelTally tunnels;

    /** Of the burst that is being transmitted: what the port has accounted for by itself. */
    private int unsentPackets;

    private long unsentBytes;

    /** Does in software what a port can't do by itself. */
    public interface Offload {
        /**
         * Sends a big packet, or one with a partial checksum, to a port that takes neither: as segments, or completed. Calls
         * {@link Transmitter#send} with the results and releases the given slot if it is not among them.
         */
        void send(Transmitter transmitter, int port, int handle, long frame, int length, int notes);

        /**
         * The same for a packet that is to be put into a tunnel: the IP packet is segmented or completed first, then each
         * piece gets the adjacency's header.
         */
        void sendTunnelled(
                Transmitter transmitter, long adjacency, int handle, long ip, int ipLength, int notes, int hash);

        /** Takes trains of tunnel packets apart; null: they are dropped. */
        default @Nullable TunnelTrains trains() {
            return null;
        }

        /** May merge packets of a burst that goes to a port that takes big ones; slots that it empties are released. */
        default void coalesce(Burst burst, PacketPool pool) {}
    }

    public Transmitter(PacketPool pool, PathCounters counters, int maxPorts, int burstCapacity) {
        this.pool = pool;
        this.counters = counters;
        this.burstCapacity = burstCapacity;
        ports = new @Nullable Port[maxPorts];
        bursts = new @Nullable Burst[maxPorts];
        dirty = new int[maxPorts];
    }

    /** The software that stands in for ports without offloads. */
    public void offload(@Nullable Offload software) {
        offload = software;
    }

    /** Where packets into tunnels are counted; null counts none. */
    public void tunnels(@Nullable TunnelTally tally) {
        tunnels = tally;
    }

    @Nullable
    TunnelTally tunnels() {
        return tunnels;
    }

    /** Binds a port id to this worker's queue of the port; null removes it. */
    public void port(int id, @Nullable Port port) {
        flush();
        ports[id] = port;
        if (port != null) {
            port.drops(new Account(id));
        }
        bursts[id] = port == null ? null : new Burst(burstCapacity);
    }

    @Nullable
    TunnelTrains trains() {
        return offload == null ? null : offload.trains();
    }

    public @Nullable Port port(int id) {
        return ports[id];
    }

    public PacketPool pool() {
        return pool;
    }

    public PathCounters counters() {
        return counters;
    }

    /** Takes a packet over; it leaves with the next flush at the latest. */
    public void send(int port, int handle, long frame, int length, int notes) {
        final Burst burst = bursts[port];
        if (burst == null) {
            counters.drop(DataplaneDrop.PORT_DOWN.id());
            pool.release(handle);
            return;
        }
        if (notes != 0 && offload != null && needsSoftware(port, notes)) {
            offload.send(this, port, handle, frame, length, notes);
            return;
        }
        if (burst.size() == 0) {
            dirty[dirtyCount++] = port;
        }
        burst.add(handle, frame, length, notes);
        if (burst.isFull()) {
            flush(port, burst);
            removeDirty(port);
        }
    }

    /**
     * Takes over an IP packet with its EtherType and free memory in front of it: puts the adjacency's header there, and sends
     * it.
     *
     * @param adjacency raw address of an {@link AdjacencyTable} entry
     * @param hash      of the flow: chooses the source port of a tunnel
     */
    public void sendVia(long adjacency, int handle, long ip, int ipLength, int notes, int hash) {
        if (AdjacencyTable.kindOf(adjacency) != AdjacencyTable.ETHERNET) {
            if ((notes & FastPath.OPEN_OFFLOADS) != 0) {
                sendTunnelled(adjacency, handle, ip, ipLength, notes, hash);
                return;
            }
            if (tunnels != null) {
                tunnels.sent(AdjacencyTable.farEndOf(adjacency), ipLength);
            }
        }
        final long start = Encapsulation.put(adjacency, ip, ipLength, hash);
        send(AdjacencyTable.portOf(adjacency), handle, start, (int) (ip - start) + ipLength, notes);
    }

    /** Whether a tunnel packet train can be sent by an adjacency's port. */
    public boolean takesTrains(long adjacency) {
        final Port port = ports[AdjacencyTable.portOf(adjacency)];
        return port != null && port.takesBigPackets();
    }

    /**
     * Takes over a train: IP packets of one flow that go into the same tunnel, one behind the other, all but the first with
     * the header that stays in front of them inside of the tunnel, all but the last equally long. They leave as one datagram
     * for UDP segmentation (the device or the far side cuts it), behind one outer header.
     *
     * @param firstIp    raw address of the first IP packet; the memory before it is headroom
     * @param length     bytes from there to the end of the last
     * @param pieceBytes bytes of each piece with its header inside of the tunnel
     * @param pieces     how many there are, at least 2
     */
    public void sendTrain(long adjacency, int handle, long firstIp, int length, int pieceBytes, int pieces, int hash) {
        if (tunnels != null) {
            final int inside = pieceBytes - AdjacencyTable.INSIDE_LENGTH;
            final int farEnd = AdjacencyTable.farEndOf(adjacency);
            for (int i = 0; i < pieces - 1; i++) {
                tunnels.sent(farEnd, inside);
            }
            tunnels.sent(farEnd, length - (pieces - 1) * pieceBytes);
        }
        final long start = Encapsulation.putTrain(adjacency, firstIp, length, hash);
        send(
                AdjacencyTable.portOf(adjacency),
                handle,
                start,
                (int) (firstIp - start) + length,
                Burst.CHECKSUM_PARTIAL | pieceBytes);
    }

    /** Takes over an IP packet that goes into a tunnel with offloads still open. */
    void sendTunnelled(long adjacency, int handle, long ip, int ipLength, int notes, int hash) {
        if (offload == null) {
            drop(handle, DataplaneDrop.SEGMENTATION_FAILED);
        } else {
            offload.sendTunnelled(this, adjacency, handle, ip, ipLength, notes, hash);
        }
    }

    private boolean needsSoftware(int port, int notes) {
        final boolean open = Burst.segmentSizeOf(notes) != 0 || (notes & Burst.CHECKSUM_PARTIAL) != 0;
        final Port target = ports[port];
        return open && target != null && !target.takesBigPackets();
    }

    private void removeDirty(int port) {
        for (int i = 0; i < dirtyCount; i++) {
            if (dirty[i] == port) {
                dirty[i] = dirty[--dirtyCount];
                return;
            }
        }
    }

    public void release(int handle) {
        pool.release(handle);
    }

    public void drop(int handle, DataplaneDrop reason) {
        counters.drop(reason.id());
        pool.release(handle);
    }

    /** Sends what has been collected. */
    public void flush() {
        for (int i = 0; i < dirtyCount; i++) {
            final Burst burst = bursts[dirty[i]];
            if (burst != null) {
                flush(dirty[i], burst);
            }
        }
        dirtyCount = 0;
    }

    private void flush(int id, Burst burst) {
        final Port port = ports[id];
        if (offload != null && port != null && port.takesBigPackets() && burst.size() > 1) {
            offload.coalesce(burst, pool);
        }
        final int size = burst.size();
        unsentPackets = 0;
        unsentBytes = 0;
        final int sent = port == null ? 0 : port.transmit(burst);
        final int silent = size - sent - unsentPackets;
        counters.sent(id, sent, burst.bytes(size - silent) - unsentBytes);
        if (silent != 0) {
            counters.drop(DataplaneDrop.TRANSMIT_FULL.id(), silent);
        }
        burst.releaseAll(pool);
    }

    /** What a port loses. */
    private final class Account implements PortDrops {
        private final int port;

        Account(int port) {
            this.port = port;
        }

        @Override
        public void received(DataplaneDrop reason, long frames, long bytes) {
            counters.received(port, frames, bytes);
            counters.drop(reason.id(), frames);
        }

        @Override
        public void unsent(DataplaneDrop reason, int length) {
            counters.drop(reason.id());
            unsentPackets++;
            unsentBytes += length;
        }
    }
}
