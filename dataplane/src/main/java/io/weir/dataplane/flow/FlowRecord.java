package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.wire.IpAddress;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A copy of one remembered decision, for people and programs. It covers one direction.
 *
 * @param scope          where its packets come from: a port's id, or 0x8000 and more for a tunnel
 * @param dropReason     id of the reason for which its packets are dropped; 0: they are forwarded
 * @param adjacency      index of the neighbour that they are handed to; -1 when they are dropped
 * @param newSource      what the source becomes; the same when nothing is translated
 * @param isReply        runs against its connection's first direction
 * @param connection     index in connection tracking; -1 when the flow is not tracked
 * @param generation     of the connection
 * @param recentPackets  since the flow's counts were last handed to connection tracking, about a second
 * @param idleTicks      ticks of about a second since the last packet
 */
public record FlowRecord(
        int protocol,
        IpAddress source,
        int sourcePort,
        IpAddress destination,
        int destinationPort,
        int scope,
        int dropReason,
        int adjacency,
        IpAddress newSource,
        int newSourcePort,
        IpAddress newDestination,
        int newDestinationPort,
        boolean isReply,
        int connection,
        int generation,
        long recentPackets,
        long recentBytes,
        int idleTicks) {

    /** Null when the entry is empty, or its owner replaced it while it was read. */
    static @Nullable FlowRecord read(long entry, short tick) {
        final long word0 = getLong(entry);
        final int family = (int) (word0 >>> 40) & 0xFF;
        if (family != FlowEntry.FAMILY_IPV4 && family != FlowEntry.FAMILY_IPV6) {
            return null;
        }
        final boolean ipv4 = family == FlowEntry.FAMILY_IPV4;
        final int action = FlowEntry.action(entry);
        final int flags = FlowEntry.flags(action);
        final boolean dropped = (flags & FlowEntry.DROP) != 0;
        final boolean translated = (flags & FlowEntry.TRANSLATE) != 0;
        final boolean tracked = (flags & FlowEntry.TRACKED) != 0;
        final int bytesOffset = ipv4 ? FlowEntry.IPV4_BYTES : FlowEntry.IPV6_BYTES;
        final int newAddresses = ipv4 ? FlowEntry.IPV4_NEW_ADDRESSES : FlowEntry.IPV6_NEW_ADDRESSES;
        final int newPorts = ipv4 ? FlowEntry.IPV4_NEW_PORTS : FlowEntry.IPV6_NEW_PORTS;
        final int step = ipv4 ? 4 : 16;
        final long oldAt = entry + FlowEntry.IPV4_ADDRESSES;
        final long newAt = translated ? entry + newAddresses : oldAt;
        final long newPortsAt = translated ? entry + newPorts : entry;
        final FlowRecord flow = new FlowRecord(
                FlowEntry.protocol(entry),
                address(oldAt, ipv4),
                getShortBigEndian(entry),
                address(oldAt + step, ipv4),
                getShortBigEndian(entry + 2),
                (int) (word0 >>> 48) & 0xFFFF,
                dropped ? FlowEntry.index(action) : 0,
                dropped ? -1 : FlowEntry.index(action),
                address(newAt, ipv4),
                getShortBigEndian(newPortsAt),
                address(newAt + step, ipv4),
                getShortBigEndian(newPortsAt + 2),
                (flags & FlowEntry.REPLY) != 0,
                tracked ? FlowEntry.connection(entry) : -1,
                FlowEntry.generation(entry),
                FlowEntry.packets(entry) & 0xFFFF_FFFFL,
                getInt(entry + bytesOffset) & 0xFFFF_FFFFL,
                (tick - FlowEntry.tick(entry)) & 0xFFFF);
        VarHandle.loadLoadFence();
        return getLong(entry) == word0 ? flow : null;
    }

    private static IpAddress address(long at, boolean ipv4) {
        return ipv4
                ? IpAddress.ipv4(getIntBigEndian(at))
                : new IpAddress(getLongBigEndian(at), getLongBigEndian(at + 8));
    }
}
