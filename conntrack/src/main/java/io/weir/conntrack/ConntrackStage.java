package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Tracking;
import io.weir.dataplane.pipeline.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * Finds the connection of a packet and judges whether the packet can belong to it. Changes nothing: what a packet does to
 * its connection is done by {@link CommitStage}, when every other stage has let it pass.
 *
 * <p>Writes the decision's connection, state, subject, translation and quoted translation. Drops invalid packets with the
 * reasons of {@link ConntrackDrop}: an invalid packet that was let through untranslated would make its receiver reset the
 * connection.
 */
public final class ConntrackStage implements Stage {
    private static final int ATTEMPTS = 3;

    private final ConntrackTable table;
    private final BackendStates backends;
    private final FragmentTracker fragments;

    public ConntrackStage(ConntrackTable table, BackendStates backends, FragmentTracker fragments) {
        this.table = table;
        this.backends = backends;
        this.fragments = fragments;
    }

    @Override
    public String name() {
        return "conntrack";
    }

    @Override
    public Verdict decide(Packet packet, Decision decision) {
        if (packet.protocol() == Packet.NONE || isNeighbourDiscovery(packet)) {
            return Verdict.CONTINUE;
        }
        final ConntrackSettings settings = table.settings();
        final int zone = settings.zoneOf(packet.scope());
        if (isPiece(packet)) {
            decision.uncacheable();
            final Verdict waiting = packet.isLaterFragment()
                    ? fragments.later(packet, decision, zone)
                    : fragments.mayBegin(packet, decision, zone);
            if (waiting != Verdict.CONTINUE) {
                return waiting;
            }
        }
        if (isIcmp(packet) && !packet.isLaterFragment()) {
            if (QuotedPacket.isRedirect(packet)) {
                return drop(decision, ConntrackDrop.ICMP_REDIRECT_IGNORED);
            }
            if (QuotedPacket.isError(packet)) {
                return related(packet, decision, zone);
            }
        }
        final long meta = Tuples.meta(packet, zone);
        final int hash = table.hash(
                packet.sourceHigh(), packet.sourceLow(), packet.destinationHigh(), packet.destinationLow(), meta);
        final int place = CreationStamps.place(hash);
        decision.absent(place, table.creationStamp(place)); // read before the search: see CreationStamps
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            final long found = table.find(
                    hash,
                    packet.sourceHigh(),
                    packet.sourceLow(),
                    packet.destinationHigh(),
                    packet.destinationLow(),
                    meta,
                    packet.nowNs());
            if (found == TupleIndex.MISSING) {
                break;
            }
            final Verdict verdict = known(packet, decision, settings, found);
            if (verdict != null) {
                return verdict;
            }
        }
        return fresh(packet, decision, settings);
    }

    /** An IPv6 "atomic" fragment, which is first and last, is a whole datagram (RFC 6946). */
    static boolean isPiece(Packet packet) {
        return packet.isFragment() && (packet.hasMoreFragments() || packet.fragmentOffset() != 0);
    }

    private static boolean isIcmp(Packet packet) {
        return Tuples.isIcmp(packet.protocol());
    }

    /** Router and neighbour discovery and multicast listeners (RFC 4861, RFC 3810) are no connections. */
    private static boolean isNeighbourDiscovery(Packet packet) {
        final int type = packet.icmpType();
        return packet.protocol() == PacketParser.PROTOCOL_ICMPV6
                && ((type >= 130 && type <= 136) || type == 143)
                && !packet.isLaterFragment();
    }

    /** A verdict about this packet alone: the next one of the same addresses and ports may be valid. */
    private static Verdict drop(Decision decision, ConntrackDrop reason) {
        decision.uncacheable();
        return decision.drop(reason);
    }

    // ---- no connection yet ------------------------------------------------------------------------------------------

    private Verdict fresh(Packet packet, Decision decision, ConntrackSettings settings) {
        final ConntrackDrop refusal = refuseNew(packet, settings);
        if (refusal != null) {
            if (decision.isExplained()) {
                decision.because("no connection is known, and the packet cannot begin one");
            }
            return drop(decision, refusal);
        }
        if (decision.isExplained()) {
            decision.because("no connection is known: the packet begins one");
        }
        decision.connectionState(ConnectionState.NEW);
        decision.dependsOn(table.flushSlot());
        return Verdict.CONTINUE;
    }

    private static @Nullable ConntrackDrop refuseNew(Packet packet, ConntrackSettings settings) {
        if (packet.isLaterFragment()) {
            return ConntrackDrop.FRAGMENT_CONNECTION_GONE;
        }
        if (packet.sourceLow() == packet.destinationLow()
                && packet.sourceHigh() == packet.destinationHigh()
                && packet.sourcePort() == packet.destinationPort()) {
            return ConntrackDrop.SELF_CONNECTION;
        }
        final long transport = packet.address() + packet.l4Offset();
        return switch (packet.protocol()) {
            case PacketParser.PROTOCOL_TCP -> TcpMachine.refuseNew(packet.tcpFlags(), settings.tcpLoose);
            case PacketParser.PROTOCOL_SCTP ->
                SctpMachine.refuseNew(transport, packet.l3End() - packet.l4Offset(), packet.hasMoreFragments());
            case PacketParser.PROTOCOL_ICMP, PacketParser.PROTOCOL_ICMPV6 ->
                Tuples.isQuery(packet) ? null : ConntrackDrop.ICMP_NO_CONNECTION;
            default -> null;
        };
    }

    // ---- known connection -------------------------------------------------------------------------------------------

    /** Null when the connection ended meanwhile: look again. */
    private @Nullable Verdict known(Packet packet, Decision decision, ConntrackSettings settings, long found) {
        final int entry = ConntrackTable.indexOf(found);
        final int generation = ConntrackTable.generationOf(found);
        final boolean reply = ConntrackTable.isReply(found);
        final long at = table.address(entry);
        final int status = Entry.status(Entry.control(at));
        final int backend = OffHeap.getInt(at + Entry.BACKEND);
        final int scope = OffHeap.getInt(at + Entry.SCOPE);
        final long out = at + (reply ? Entry.ORIGINAL : Entry.REPLY);
        // the packet leaves as the other direction's tuple turned around
        final long outMeta = OffHeap.getLong(out + Entry.META);
        final long sourceHigh = OffHeap.getLong(out + Entry.DESTINATION_HIGH);
        final long sourceLow = OffHeap.getLong(out + Entry.DESTINATION_LOW);
        final long destinationHigh = OffHeap.getLong(out + Entry.SOURCE_HIGH);
        final long destinationLow = OffHeap.getLong(out + Entry.SOURCE_LOW);
        ConntrackDrop invalid = judge(packet, settings, at, status, reply);
        if (invalid != null && Handover.hasBegunSince(status, at)) {
            invalid = judge(packet, settings, at, Entry.status(Entry.control(at)), reply);
        }
        subject(decision, at);
        if (!table.isStill(entry, generation)) {
            subjectIsPacket(packet, decision);
            return null;
        }
        if (!reply && backend != Decision.NONE && OneWay.isLost(backends, backend, status)) {
            if (decision.isExplained()) {
                decision.because("the connection's backend " + backend
                        + " is gone or answers clients itself no more: decided again as a new one");
            }
            subjectIsPacket(packet, decision);
            return fresh(packet, decision, settings);
        }
        if (isReopened(packet, status)) {
            if (decision.isExplained()) {
                decision.because("a SYN uses the ports of a connection in " + ConnectionRecord.stateName(status));
            }
            subjectIsPacket(packet, decision);
            decision.uncacheable(); // there is a connection, and its state has no version slot
            return fresh(packet, decision, settings);
        }
        if (invalid != null) {
            if (decision.isExplained()) {
                decision.because("invalid in a connection that is " + ConnectionRecord.stateName(status));
            }
            return drop(decision, invalid);
        }
        decision.connectionState(ConnectionState.ESTABLISHED);
        decision.connection(entry, generation, reply, Tracking.REFRESH);
        if (reply) {
            decision.otherScope(scope);
        }
        decision.dependsOn(table.flushSlot());
        final int sourcePort = Entry.destinationPort(outMeta);
        final int destinationPort = Entry.sourcePort(outMeta);
        if (!reply && backend != Decision.NONE && Entry.kind(status) == Entry.ONE_WAY) {
            decision.direct(backend);
        } else if (!reply && backend != Decision.NONE) {
            decision.translateToBackend(backend, destinationHigh, destinationLow, destinationPort);
        } else if (destinationHigh != packet.destinationHigh()
                || destinationLow != packet.destinationLow()
                || destinationPort != packet.destinationPort()) {
            decision.translateDestination(destinationHigh, destinationLow, destinationPort);
        }
        if (sourceHigh != packet.sourceHigh() || sourceLow != packet.sourceLow() || sourcePort != packet.sourcePort()) {
            decision.translateSource(sourceHigh, sourceLow, sourcePort);
        }
        if (decision.isExplained()) {
            explainKnown(decision, entry, status, reply);
        }
        return Verdict.CONTINUE;
    }

    private static @Nullable ConntrackDrop judge(
            Packet packet, ConntrackSettings settings, long at, int status, boolean reply) {
        if (packet.isLaterFragment()) {
            return null; // its first has been judged
        }
        final long transport = packet.address() + packet.l4Offset();
        final int length = packet.l3End() - packet.l4Offset();
        return switch (Entry.kind(status)) {
            case Entry.TCP ->
                TcpMachine.judge(at, status, reply, packet.tcpFlags(), transport, length, settings.tcpLiberal);
            case Entry.SCTP -> SctpMachine.judge(at, status, reply, transport, length, packet.hasMoreFragments());
            default -> null;
        };
    }

    private static boolean isReopened(Packet packet, int status) {
        return !packet.isLaterFragment() && TcpMachine.isReopened(status, packet.tcpFlags());
    }

    /** Original direction, behind destination translation, before source translation. */
    private static void subject(Decision decision, long at) {
        decision.subject(
                OffHeap.getLong(at + Entry.ORIGINAL + Entry.SOURCE_HIGH),
                OffHeap.getLong(at + Entry.ORIGINAL + Entry.SOURCE_LOW),
                Entry.sourcePort(OffHeap.getLong(at + Entry.ORIGINAL + Entry.META)),
                OffHeap.getLong(at + Entry.REPLY + Entry.SOURCE_HIGH),
                OffHeap.getLong(at + Entry.REPLY + Entry.SOURCE_LOW),
                Entry.sourcePort(OffHeap.getLong(at + Entry.REPLY + Entry.META)));
    }

    private static void subjectIsPacket(Packet packet, Decision decision) {
        decision.subject(
                packet.sourceHigh(),
                packet.sourceLow(),
                packet.sourcePort(),
                packet.destinationHigh(),
                packet.destinationLow(),
                packet.destinationPort());
    }

    private static void explainKnown(Decision decision, int entry, int status, boolean reply) {
        decision.because("connection " + entry + " is known, " + ConnectionRecord.stateName(status)
                + (reply ? "; this is its reply direction" : "; this is its original direction")
                + (decision.isTranslated()
                        ? "; it leaves as " + decision.source() + " port " + decision.sourcePort() + " to "
                                + decision.destination() + " port " + decision.destinationPort()
                        : ", without translation"));
    }

    // ---- ICMP errors ------------------------------------------------------------------------------------------------

    /**
     * An error travels against the packet that it quotes: in the direction of that packet's answer. The quote is turned
     * into the packet that the error's receiver once sent; the outer addresses are translated as an answer's would be.
     */
    private Verdict related(Packet packet, Decision decision, int zone) {
        decision.uncacheable();
        if (!QuotedPacket.isChecksumRight(packet)) {
            return drop(decision, ConntrackDrop.ICMP_ERROR_CHECKSUM);
        }
        final int l4 = QuotedPacket.l4Offset(packet);
        if (l4 < 0) {
            return drop(
                    decision,
                    l4 == QuotedPacket.MALFORMED
                            ? ConntrackDrop.ICMP_ERROR_MALFORMED
                            : ConntrackDrop.ICMP_ERROR_CHECKSUM);
        }
        final long found = table.find(
                /* sourceHigh= */ QuotedPacket.destinationHigh(packet),
                /* sourceLow= */ QuotedPacket.destinationLow(packet),
                /* destinationHigh= */ QuotedPacket.sourceHigh(packet),
                /* destinationLow= */ QuotedPacket.sourceLow(packet),
                QuotedPacket.answerMeta(packet, l4, zone),
                packet.nowNs());
        if (found == TupleIndex.MISSING) {
            return drop(decision, ConntrackDrop.ICMP_ERROR_UNRELATED);
        }
        final int entry = ConntrackTable.indexOf(found);
        final int generation = ConntrackTable.generationOf(found);
        final boolean reply = ConntrackTable.isReply(found);
        final long at = table.address(entry);
        final int status = Entry.status(Entry.control(at));
        final int backend = OffHeap.getInt(at + Entry.BACKEND);
        final long in = at + (reply ? Entry.REPLY : Entry.ORIGINAL);
        final long out = at + (reply ? Entry.ORIGINAL : Entry.REPLY);
        final long outMeta = OffHeap.getLong(out + Entry.META);
        final long outSourceHigh = OffHeap.getLong(out + Entry.DESTINATION_HIGH);
        final long outSourceLow = OffHeap.getLong(out + Entry.DESTINATION_LOW);
        final long outDestinationHigh = OffHeap.getLong(out + Entry.SOURCE_HIGH);
        final long outDestinationLow = OffHeap.getLong(out + Entry.SOURCE_LOW);
        final boolean sourceChanges = outSourceLow != OffHeap.getLong(in + Entry.SOURCE_LOW)
                || outSourceHigh != OffHeap.getLong(in + Entry.SOURCE_HIGH);
        final boolean destinationChanges = outDestinationLow != OffHeap.getLong(in + Entry.DESTINATION_LOW)
                || outDestinationHigh != OffHeap.getLong(in + Entry.DESTINATION_HIGH);
        subject(decision, at);
        if (!table.isStill(entry, generation)) {
            return drop(decision, ConntrackDrop.ICMP_ERROR_UNRELATED);
        }
        decision.connectionState(ConnectionState.RELATED);
        decision.connection(entry, generation, reply, Tracking.NONE);
        if (!reply && backend != Decision.NONE && Entry.kind(status) == Entry.ONE_WAY) {
            if (OneWay.isLost(backends, backend, status)) {
                return drop(decision, ConntrackDrop.ICMP_ERROR_UNRELATED);
            }
            decision.direct(backend); // whoever answers the client has to learn what its answers meet
        }
        if (destinationChanges) {
            decision.translateDestination(outDestinationHigh, outDestinationLow, packet.destinationPort());
        }
        if (sourceChanges) {
            // who sent the error may be a router behind the translation: its address must not leak (as Linux does)
            decision.translateSource(outSourceHigh, outSourceLow, packet.sourcePort());
        }
        decision.translateQuoted(
                outDestinationHigh,
                outDestinationLow,
                Entry.sourcePort(outMeta),
                outSourceHigh,
                outSourceLow,
                Entry.destinationPort(outMeta));
        if (decision.isExplained()) {
            decision.because("an ICMP error about connection " + entry + ", towards the sender of its "
                    + (reply ? "original" : "reply") + " direction");
        }
        return Verdict.CONTINUE;
    }

    @Override
    public String describe() {
        return table.count() + " of " + table.capacity() + " connections";
    }
}
