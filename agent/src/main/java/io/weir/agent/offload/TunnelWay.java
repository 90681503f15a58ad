package io.weir.agent.offload;

import io.weir.dataplane.flow.TunnelSource;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.offload.OffloadTunnel;
import io.weir.dataplane.route.AdjacencyTable;
import org.jspecify.annotations.Nullable;

/** The tunnels by which connections go and come. One thread. */
final class TunnelWay implements AutoCloseable {
    private static final int ETHERTYPE = OffloadTunnel.LENGTH - 2;
    private static final int LONGEST = 256;

    private final long packet = OffHeap.allocate(LONGEST);

    /** The header that packets with this key get by an adjacency; null when that is no tunnel. */
    static @Nullable OffloadTunnel into(long adjacency, OffloadKey key) {
        if (AdjacencyTable.kindOf(adjacency) == AdjacencyTable.ETHERNET) {
            return null;
        }
        final byte[] header = new byte[OffloadTunnel.LENGTH];
        OffHeap.copy(AdjacencyTable.headerOf(adjacency), header, 0, header.length);
        // an adjacency serves both families
        final boolean ipv4 = key.source().isIpv4();
        header[ETHERTYPE] = (byte) (ipv4 ? 0x08 : 0x86);
        header[ETHERTYPE + 1] = (byte) (ipv4 ? 0x00 : 0xDD);
        final int hash = TunnelSource.hashOf(key);
        return new OffloadTunnel(header, TunnelSource.portOf(hash), hash);
    }

    /**
     * By which scope packets with this header come in: the judgement is that of every tunnel packet.
     *
     * @param frame any Ethernet frame of the family
     * @return below zero: they don't
     */
    int scope(@Nullable TunnelTermination termination, OffloadTunnel tunnel, byte[] frame) {
        if (termination == null) {
            return -1;
        }
        final byte[] bytes = tunnel.around(frame);
        OffHeap.copy(bytes, 0, packet, bytes.length);
        final int terminated = termination.terminate(packet, bytes.length, true);
        return terminated <= 0 ? -1 : OffloadKey.FIRST_TUNNEL | terminated >>> 16;
    }

    @Override
    public void close() {
        OffHeap.free(packet);
    }
}
