package io.weir.dataplane.answer;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.Route;

/**
 * How an answer gets to the sender of a packet: by the route to the sender, or, where that needs address resolution or does
 * not exist, out of the port that the packet came from with the Ethernet addresses swapped. What came through a tunnel goes
 * back by route alone. Owned by one worker; describes the last packet that {@link #find} was asked about.
 */
final class WayBack {
    private static final long DIRECT = 0;

    private long adjacency;
    private int mtu;
    private long neighbourMac;
    private long ownMac;
    private int port;
    private boolean ipv4;

    /** Looks for the way; false when the sender can't be answered. */
    boolean find(Packet packet, Ingress ingress, Snapshot snapshot) {
        ipv4 = packet.isIpv4();
        port = ingress.port();
        ownMac = ingress.mac().bits();
        neighbourMac = packet.sourceMac();
        mtu = ingress.mtu();
        adjacency = DIRECT;
        final boolean tunnelled = packet.scope() != ingress.port();
        if (!isLinkLocal(packet)) {
            final Route route = snapshot.routes().find(packet.sourceHigh(), packet.sourceLow());
            if (route != null && route.kind() == Route.Kind.FORWARD) {
                adjacency = snapshot.adjacencies().entry(route.adjacency());
                mtu = AdjacencyTable.mtuOf(adjacency);
                return true;
            }
            if (route != null && route.kind() == Route.Kind.LOCAL) {
                return false; // it pretends to come from weir itself
            }
        }
        return !tunnelled && (neighbourMac >>> 40 & 1) == 0;
    }

    private static boolean isLinkLocal(Packet packet) {
        return packet.isIpv4()
                ? (int) packet.sourceLow() >>> 16 == 0xA9FE
                : packet.sourceHigh() >>> 54 == 0xFE80L >>> 6;
    }

    /** The largest IP packet that fits, in bytes. */
    int mtu() {
        return mtu;
    }

    /** A slot for an answer of this many bytes of IP, or {@link PacketPool#NULL_HANDLE}, which is counted. */
    static int acquire(Transmitter transmitter, int ipLength) {
        final int handle = transmitter.pool().acquireFor(AnswerHeaders.ETHERNET + ipLength);
        if (handle == PacketPool.NULL_HANDLE) {
            transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
        }
        return handle;
    }

    /** Where the IP header of an answer in this slot starts. */
    static long ip(Transmitter transmitter, int handle) {
        return transmitter.pool().frameAddress(handle) + AnswerHeaders.ETHERNET;
    }

    /** Sends an IP packet that was written to {@link #ip}. */
    void send(Transmitter transmitter, int handle, int ipLength) {
        transmitter.counters().count(PathCounter.ANSWERS_SENT);
        final long ip = ip(transmitter, handle);
        final long frame = ip - AnswerHeaders.ETHERNET;
        AnswerHeaders.ethernet(frame, neighbourMac, ownMac, ipv4);
        if (adjacency == DIRECT) {
            transmitter.send(port, handle, frame, AnswerHeaders.ETHERNET + ipLength, 0);
        } else {
            transmitter.sendVia(adjacency, handle, ip, ipLength, 0, hash(ip));
        }
    }

    /** Chooses a tunnel's source port: the same for all answers to one sender. */
    private int hash(long ip) {
        final long target = ipv4 ? OffHeap.getInt(ip + 16) : OffHeap.getLong(ip + 32);
        return (int) ((target * 0x9E37_79B9_7F4A_7C15L) >>> 32);
    }
}
