package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.wire.IpAddress;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A copy of one connection, for people and programs.
 *
 * @param entry           index in the table
 * @param generation      tells this connection from others that used the entry
 * @param zone            of the original tuple
 * @param protocol        IP protocol number
 * @param state           name of the TCP or SCTP state; {@code REPLIED} or {@code UNREPLIED} for other protocols
 * @param originalSource  who sent the first packet; destination and ports as the first packet had them
 * @param replySource     who answers; differs from the original destination under destination NAT
 * @param replyDestination whom the answer is addressed to; differs from the original source under source NAT
 * @param replied         the reply direction was seen
 * @param evictable       makes room when the table is full
 * @param backend         Service backend or {@link Decision#NONE}
 * @param ageNs           since creation
 * @param expiresInMs     when it ends if no packet comes
 */
public record ConnectionRecord(
        int entry,
        int generation,
        int zone,
        int protocol,
        String state,
        IpAddress originalSource,
        int originalSourcePort,
        IpAddress originalDestination,
        int originalDestinationPort,
        IpAddress replySource,
        int replySourcePort,
        IpAddress replyDestination,
        int replyDestinationPort,
        boolean replied,
        boolean evictable,
        int backend,
        long packetsOriginal,
        long bytesOriginal,
        long packetsReply,
        long bytesReply,
        long ageNs,
        long expiresInMs) {
    /** All that {@link #state()} can be. */
    public static final SortedSet<String> STATES = states();

    private static SortedSet<String> states() {
        final SortedSet<String> names = new TreeSet<>(List.of("REPLIED", "UNREPLIED"));
        for (final TcpState state : TcpState.values()) {
            names.add(state.name());
        }
        for (final SctpState state : SctpState.values()) {
            names.add(state.name());
        }
        names.addAll(OneWay.STATES);
        return Collections.unmodifiableSortedSet(names);
    }

    /** Null when the connection ended while it was read. */
    static @Nullable ConnectionRecord read(ConntrackTable table, int entry, int ticksLeft, long nowNs) {
        final long at = table.address(entry);
        final long control = Entry.control(at);
        final int generation = Entry.generation(control);
        final int status = Entry.status(control);
        if (!Entry.isLive(control)) {
            return null;
        }
        final long original = OffHeap.getLong(at + Entry.ORIGINAL + Entry.META);
        final long reply = OffHeap.getLong(at + Entry.REPLY + Entry.META);
        final ConnectionRecord connection = new ConnectionRecord(
                entry,
                generation,
                Entry.zone(original),
                Entry.protocol(original) & 0xFF, // without the mark of a query
                stateName(status),
                address(at + Entry.ORIGINAL + Entry.SOURCE_HIGH),
                Entry.sourcePort(original),
                address(at + Entry.ORIGINAL + Entry.DESTINATION_HIGH),
                Entry.destinationPort(original),
                address(at + Entry.REPLY + Entry.SOURCE_HIGH),
                Entry.sourcePort(reply),
                address(at + Entry.REPLY + Entry.DESTINATION_HIGH),
                Entry.destinationPort(reply),
                (status & Entry.REPLIED) != 0,
                ConntrackSettings.lifeKind(status) == Life.EVICTABLE,
                OffHeap.getInt(at + Entry.BACKEND),
                OffHeap.getLongOpaque(at + Entry.PACKETS_ORIGINAL),
                OffHeap.getLongOpaque(at + Entry.BYTES_ORIGINAL),
                OffHeap.getLongOpaque(at + Entry.PACKETS_REPLY),
                OffHeap.getLongOpaque(at + Entry.BYTES_REPLY),
                nowNs - Entry.created(at),
                ((long) ticksLeft << Life.TICK_SHIFT_NS) / 1_000_000);
        return table.isStill(entry, generation) ? connection : null;
    }

    static String stateName(int status) {
        return switch (Entry.kind(status)) {
            case Entry.TCP -> TcpState.of(Entry.state(status)).name();
            case Entry.SCTP -> SctpState.of(Entry.state(status)).name();
            case Entry.ONE_WAY -> OneWay.stateName(status);
            default -> (status & Entry.REPLIED) != 0 ? "REPLIED" : "UNREPLIED";
        };
    }

    private static IpAddress address(long at) {
        return new IpAddress(OffHeap.getLong(at), OffHeap.getLong(at + 8));
    }

    public boolean isSourceTranslated() {
        return !replyDestination.equals(originalSource) || replyDestinationPort != originalSourcePort;
    }

    public boolean isDestinationTranslated() {
        return !replySource.equals(originalDestination) || replySourcePort != originalDestinationPort;
    }
}
