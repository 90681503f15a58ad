package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Tracking;
import io.weir.dataplane.pipeline.Verdict;

/**
 * Last stage: the packet goes out, so its connection is created or moves on. A packet that another stage dropped leaves
 * no trace in the table.
 *
 * <p>Drops as {@code conntrack-table-full}, {@code conntrack-index-full}, {@code snat-ports-exhausted},
 * {@code sctp-fragment-ports}; a packet whose
 * connection another worker created in the same moment is decided again.
 */
public final class CommitStage implements Stage {
    private static final int ATTEMPTS = 8;

    private final ConntrackTable table;
    private final SourcePorts ports;
    private final BackendStates backends;
    private final FragmentTracker fragments;

    CommitStage(ConntrackTable table, SourcePorts ports, BackendStates backends, FragmentTracker fragments) {
        this.table = table;
        this.backends = backends;
        this.ports = ports;
        this.fragments = fragments;
    }

    @Override
    public String name() {
        return "commit";
    }

    @Override
    public Verdict decide(Packet packet, Decision decision) {
        if (decision.isTranslated() && packet.isFragment() && changesSctpPorts(packet, decision)) {
            return drop(decision, ConntrackDrop.SCTP_FRAGMENT_PORTS);
        }
        if (decision.isDryRun()) {
            return Verdict.CONTINUE;
        }
        final ConnectionState state = decision.connectionState();
        Verdict verdict = Verdict.CONTINUE;
        if (state == ConnectionState.NEW) {
            verdict = create(packet, decision);
        } else if (state == ConnectionState.ESTABLISHED) {
            follow(packet, decision);
        }
        if (verdict == Verdict.CONTINUE
                && packet.isFragment()
                && packet.hasMoreFragments()
                && !packet.isLaterFragment()) {
            fragments.first(packet, table.settings().zoneOf(packet.scope()));
        }
        return verdict;
    }

    /**
     * SCTP's CRC32c covers the whole packet (RFC 9260 6.8), not its addresses; who has one fragment only can't make it right
     * for other ports. Linux can, because it puts fragments together before it translates them.
     */
    private static boolean changesSctpPorts(Packet packet, Decision decision) {
        return packet.protocol() == PacketParser.PROTOCOL_SCTP
                && !packet.isLaterFragment()
                && (decision.sourcePort() != packet.sourcePort()
                        || decision.destinationPort() != packet.destinationPort());
    }

    // ---- new connections --------------------------------------------------------------------------------------------

    private Verdict create(Packet packet, Decision decision) {
        final long nowNs = packet.nowNs();
        final int entry = table.claim(nowNs);
        if (entry == ConntrackTable.NONE) {
            table.count(ConntrackCounter.INSERT_FAILURES, 1);
            return drop(decision, ConntrackDrop.CONNTRACK_TABLE_FULL);
        }
        final long at = table.address(entry);
        final long meta = Tuples.meta(packet, table.settings().zoneOf(packet.scope()));
        Entry.tuple(
                at + Entry.ORIGINAL,
                packet.sourceHigh(),
                packet.sourceLow(),
                packet.destinationHigh(),
                packet.destinationLow(),
                meta);
        OffHeap.putInt(at + Entry.BACKEND, decision.backend());
        OffHeap.putInt(at + Entry.SCOPE, packet.scope());
        OffHeap.putLong(at + Entry.PACKETS_ORIGINAL, 1);
        OffHeap.putLong(at + Entry.BYTES_ORIGINAL, packet.l3Length());
        OffHeap.putLong(at + Entry.PACKETS_REPLY, 0);
        OffHeap.putLong(at + Entry.BYTES_REPLY, 0);
        final int begun = decision.isDirect() ? OneWay.begin(packet) : begin(packet, at);
        final int replyZone = table.replyZone(packet.scope(), decision.outputPort());
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Entry.tuple(
                    at + Entry.REPLY,
                    /* sourceHigh= */ decision.destinationHigh(),
                    /* sourceLow= */ decision.destinationLow(),
                    /* destinationHigh= */ decision.sourceHigh(),
                    /* destinationLow= */ decision.sourceLow(),
                    Tuples.replyMeta(
                            Entry.protocol(meta), decision.destinationPort(), decision.sourcePort(), replyZone));
            final int nat = natStatus(packet, decision);
            final long reference = table.publish(entry, begun | nat, nowNs);
            if (reference >= 0 || reference < ConntrackTable.INDEX_FULL) {
                created(packet, decision, reference, begun | nat);
                return Verdict.CONTINUE;
            }
            if (reference == ConntrackTable.INDEX_FULL) {
                table.release(entry);
                table.count(ConntrackCounter.INSERT_FAILURES, 1);
                return drop(decision, ConntrackDrop.CONNTRACK_INDEX_FULL);
            }
            if (!giveWay(packet, decision, reference, meta, replyZone)) {
                table.release(entry);
                if (reference == ConntrackTable.CLASH_ORIGINAL) {
                    table.count(ConntrackCounter.INSERT_RACES, 1);
                    return decision.again(ConntrackDrop.CONNECTION_RACE);
                }
                return drop(decision, ConntrackDrop.SNAT_PORTS_EXHAUSTED);
            }
        }
        table.release(entry);
        return drop(decision, ConntrackDrop.CONNECTION_RACE);
    }

    /** There may be room for the next packet. */
    private static Verdict drop(Decision decision, ConntrackDrop reason) {
        decision.uncacheable();
        return decision.drop(reason);
    }

    private static int begin(Packet packet, long at) {
        final long transport = packet.address() + packet.l4Offset();
        final int kind = Entry.kindOfProtocol(packet.protocol());
        return kind << Entry.KIND_SHIFT
                | switch (kind) {
                    case Entry.TCP -> TcpMachine.begin(at, transport, packet.l3End() - packet.l4Offset());
                    case Entry.SCTP -> SctpMachine.begin(at, transport);
                    default -> 0;
                };
    }

    private static int natStatus(Packet packet, Decision decision) {
        final boolean source = decision.sourceLow() != packet.sourceLow()
                || decision.sourceHigh() != packet.sourceHigh()
                || decision.sourcePort() != packet.sourcePort();
        final boolean destination = decision.destinationLow() != packet.destinationLow()
                || decision.destinationHigh() != packet.destinationHigh()
                || (decision.destinationPort() != packet.destinationPort() && !Tuples.isIcmp(packet.protocol()));
        return (source ? Entry.SOURCE_NAT : 0) | (destination ? Entry.DESTINATION_NAT : 0);
    }

    private void created(Packet packet, Decision decision, long reference, int status) {
        final int entry = ConntrackTable.indexOf(reference);
        bind(decision, entry, ConntrackTable.generationOf(reference), false, status);
        if ((status & Entry.SOURCE_NAT) != 0 && decision.sourcePort() != packet.sourcePort()) {
            table.count(ConntrackCounter.NAT_PORT_CHANGED, 1);
        }
        if (decision.isExplained()) {
            decision.because("connection " + entry + " is created");
        }
    }

    /** Another connection has one of the tuples: remove it if it has ended, else take another source port. */
    private boolean giveWay(Packet packet, Decision decision, long clash, long meta, int replyZone) {
        final long nowNs = packet.nowNs();
        if (clash == ConntrackTable.CLASH_ORIGINAL) {
            final long holder = table.find(
                    packet.sourceHigh(),
                    packet.sourceLow(),
                    packet.destinationHigh(),
                    packet.destinationLow(),
                    meta,
                    nowNs);
            return holder == TupleIndex.MISSING || (isOutdated(packet, holder) && delete(holder, nowNs));
        }
        final long holder = table.find(
                /* sourceHigh= */ decision.destinationHigh(),
                /* sourceLow= */ decision.destinationLow(),
                /* destinationHigh= */ decision.sourceHigh(),
                /* destinationLow= */ decision.sourceLow(),
                Tuples.replyMeta(Entry.protocol(meta), decision.destinationPort(), decision.sourcePort(), replyZone),
                nowNs);
        if (holder == TupleIndex.MISSING || (table.isReplaceable(holder, decision) && delete(holder, nowNs))) {
            return true;
        }
        final int port = ports.choose(
                decision,
                Entry.protocol(meta),
                packet.sourcePort(),
                decision.sourceHigh(),
                decision.sourceLow(),
                replyZone,
                nowNs);
        if (port == SourcePorts.EXHAUSTED) {
            return false;
        }
        Translation.source(packet, decision, decision.sourceHigh(), decision.sourceLow(), port);
        return true;
    }

    private boolean delete(long reference, long nowNs) {
        return table.delete(ConntrackTable.indexOf(reference), ConntrackTable.generationOf(reference), nowNs);
    }

    /** The conntrack stage saw this connection too, and decided that the packet begins another. */
    private boolean isOutdated(Packet packet, long holder) {
        final long at = table.address(ConntrackTable.indexOf(holder));
        final int status = Entry.status(Entry.control(at));
        if (TcpMachine.isReopened(status, packet.tcpFlags())) {
            return true;
        }
        final int backend = OffHeap.getInt(at + Entry.BACKEND);
        return !ConntrackTable.isReply(holder) && backend != Decision.NONE && OneWay.isLost(backends, backend, status);
    }

    // ---- known connections ------------------------------------------------------------------------------------------

    private void follow(Packet packet, Decision decision) {
        final int entry = decision.connection();
        final int generation = decision.connectionGeneration();
        final boolean reply = decision.isReply();
        final long at = table.address(entry);
        while (true) {
            final long control = Entry.control(at);
            if (Entry.generation(control) != generation) {
                decision.uncacheable(); // it ended a moment ago; this packet may still go
                return;
            }
            final int before = Entry.status(control);
            final int after = apply(packet, at, before, reply);
            if (after != before
                    && !OffHeap.compareAndSetLong(at + Entry.CONTROL, control, Entry.control(generation, after))) {
                continue;
            }
            table.account(at, reply, 1, packet.l3Length());
            if (prolongs(packet, before, reply)) {
                table.touch(entry, after, packet.nowNs());
            }
            bind(decision, entry, generation, reply, after);
            return;
        }
    }

    private static int apply(Packet packet, long at, int status, boolean reply) {
        final int replied = reply ? status | Entry.REPLIED : status;
        if (packet.isLaterFragment()) {
            return status;
        }
        final long transport = packet.address() + packet.l4Offset();
        final int length = packet.l3End() - packet.l4Offset();
        return switch (Entry.kind(status)) {
            case Entry.TCP -> TcpMachine.apply(at, status, reply, packet.tcpFlags(), transport, length);
            case Entry.SCTP -> SctpMachine.apply(at, status, reply, transport, length, packet.hasMoreFragments());
            case Entry.ONE_WAY -> OneWay.next(status, packet, reply);
            default -> replied;
        };
    }

    /** A segment that is let through without effect does not keep a connection alive. */
    private static boolean prolongs(Packet packet, int status, boolean reply) {
        return Entry.kind(status) != Entry.TCP
                || packet.isLaterFragment()
                || !TcpMachine.isIgnored(status, packet.tcpFlags(), reply);
    }

    private void bind(Decision decision, int entry, int generation, boolean reply, int status) {
        Tracking tracking = Tracking.REFRESH;
        if (Entry.kind(status) == Entry.TCP) {
            if (Entry.state(status) != TcpState.ESTABLISHED.code) {
                decision.uncacheable();
            } else if ((status & Entry.LIBERAL) == 0 && !table.settings().tcpLiberal) {
                tracking = Tracking.WINDOW;
            }
        } else if (Entry.kind(status) == Entry.SCTP) {
            decision.uncacheable(); // each packet may move the association
        }
        decision.connection(entry, generation, reply, tracking);
    }

    @Override
    public String describe() {
        return table.counter(ConntrackCounter.CREATED) + " connections created";
    }
}
