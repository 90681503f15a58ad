package io.weir.conntrack;

import io.weir.dataplane.pipeline.Decision;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Chooses the port (for ICMP echo the identifier) behind which a connection's source hides. A port is free when no
 * connection has the reply tuple that it would give, so one port serves any number of destinations.
 *
 * <p>The choice is no reservation: inserting the reply tuple into the table is, and whoever loses that race chooses
 * again. Random ports come from {@link ThreadLocalRandom}: spread, but not secret from who sees many of them.
 */
final class SourcePorts {
    /** {@link #choose} found none. */
    static final int EXHAUSTED = -1;

    private static final int RANDOM_PROBES = 24;

    /** Searches of all ports that failed are remembered for some 100 ms, so that a worker does not repeat them. */
    private static final int FAILURES = 1024;

    private static final int FAILURE_TICKS = 6;

    /** Privileged ports stay privileged (RFC 4787 REQ-3a), above those with well-known owners, as Linux does it. */
    private static final int PRIVILEGED_LOW = 600;

    private static final int UNPRIVILEGED_LOW = 1024;

    private final ConntrackTable table;
    private final int excludedLow;
    private final int excludedHigh;
    private final boolean randomFully;
    private final AtomicLongArray failures = new AtomicLongArray(FAILURES);

    SourcePorts(ConntrackTable table, SnatSpec spec) {
        this.table = table;
        excludedLow = spec.nodePortLow();
        excludedHigh = spec.nodePortHigh();
        randomFully = spec.randomFully();
    }

    /**
     * @param protocol    as in a tuple
     * @param wantedPort  the packet's own
     * @param high        and {@code low}: the source address to hide behind
     * @param replyZone   where the answers arrive
     */
    int choose(Decision decision, int protocol, int wantedPort, long high, long low, int replyZone, long nowNs) {
        final int kind = Entry.kindOfProtocol(protocol & 0xFF);
        if (!randomFully
                && isAllowed(wantedPort, kind)
                && isFree(decision, protocol, wantedPort, high, low, replyZone, nowNs)) {
            return wantedPort;
        }
        if (kind == Entry.OTHER || (kind == Entry.ICMP && wantedPort == 0)) {
            return isFree(decision, protocol, wantedPort, high, low, replyZone, nowNs) ? wantedPort : EXHAUSTED;
        }
        final int first = kind == Entry.ICMP ? 1 : wantedPort < UNPRIVILEGED_LOW ? PRIVILEGED_LOW : UNPRIVILEGED_LOW;
        final int last = kind != Entry.ICMP && wantedPort < UNPRIVILEGED_LOW ? UNPRIVILEGED_LOW - 1 : 65_535;
        final ThreadLocalRandom random = ThreadLocalRandom.current();
        for (int probe = 0; probe < RANDOM_PROBES; probe++) {
            final int port = random.nextInt(first, last + 1);
            if (isAllowed(port, kind) && isFree(decision, protocol, port, high, low, replyZone, nowNs)) {
                return port;
            }
        }
        table.count(ConntrackCounter.NAT_PORT_PROBES, RANDOM_PROBES);
        return search(decision, protocol, kind, first, last, high, low, replyZone, nowNs);
    }

    private int search(
            Decision decision,
            int protocol,
            int kind,
            int first,
            int last,
            long high,
            long low,
            int replyZone,
            long nowNs) {
        final long key = (decision.destinationLow() * 31 + decision.destinationHigh() + low) * 0x9E37_79B9_7F4A_7C15L
                        + decision.destinationPort() * 31L
                        + protocol
                ^ high;
        final int slot = (int) (key >>> 54);
        final long failed = (key & ~0x3FFF_FFFFL) | Life.tick(nowNs);
        final long seen = failures.getOpaque(slot);
        if ((seen & ~0x3FFF_FFFFL) == (key & ~0x3FFF_FFFFL)
                && (Life.tick(nowNs) - (int) (seen & 0x3FFF_FFFF)) < FAILURE_TICKS) {
            return EXHAUSTED;
        }
        final int count = last - first + 1;
        int port = first + ThreadLocalRandom.current().nextInt(count);
        int closing = EXHAUSTED;
        for (int probe = 0; probe < count; probe++) {
            if (isAllowed(port, kind)) {
                final long holder = holder(decision, protocol, port, high, low, replyZone, nowNs);
                if (holder == TupleIndex.MISSING) {
                    table.count(ConntrackCounter.NAT_PORT_PROBES, probe);
                    return port;
                }
                if (closing == EXHAUSTED && table.isClosed(holder)) {
                    closing = port;
                }
            }
            port = port == last ? first : port + 1;
        }
        table.count(ConntrackCounter.NAT_PORT_PROBES, count);
        if (closing != EXHAUSTED && !decision.isDryRun()) {
            final long holder = holder(decision, protocol, closing, high, low, replyZone, nowNs);
            if (holder == TupleIndex.MISSING
                    || table.delete(ConntrackTable.indexOf(holder), ConntrackTable.generationOf(holder), nowNs)) {
                table.count(ConntrackCounter.NAT_PORT_RECLAIMED, 1);
                return closing;
            }
        }
        failures.setOpaque(slot, failed);
        table.count(ConntrackCounter.NAT_PORTS_EXHAUSTED, 1);
        return EXHAUSTED;
    }

    private boolean isAllowed(int port, int kind) {
        return kind == Entry.ICMP || kind == Entry.OTHER || (port != 0 && (port < excludedLow || port > excludedHigh));
    }

    private boolean isFree(Decision decision, int protocol, int port, long high, long low, int replyZone, long nowNs) {
        final long holder = holder(decision, protocol, port, high, low, replyZone, nowNs);
        return holder == TupleIndex.MISSING || table.isReplaceable(holder, decision);
    }

    /** The connection whose answers this port would receive. */
    private long holder(Decision decision, int protocol, int port, long high, long low, int replyZone, long nowNs) {
        return table.find(
                decision.destinationHigh(),
                decision.destinationLow(),
                high,
                low,
                Tuples.replyMeta(protocol, decision.destinationPort(), port, replyZone),
                nowNs);
    }
}
