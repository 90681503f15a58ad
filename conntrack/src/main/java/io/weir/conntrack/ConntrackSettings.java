package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.PacketParser;

/** The spec in the form that packets need: ticks and arrays. Immutable. */
final class ConntrackSettings {
    /** Linux: an answered flow is a stream when it is still used after two seconds. */
    private static final int UDP_STREAM_AFTER_TICKS = 2 * Life.TICKS_PER_SECOND;

    final ConntrackSpec spec;
    final boolean tcpLiberal;
    final boolean tcpLoose;
    private final int[] tcp = new int[16];
    private final int[] sctp = new int[16];
    private final int tcpUnacknowledged;
    private final int udp;
    private final int udpStream;
    private final int icmp;
    private final int generic;
    private final short[] zoneOfScope;

    ConntrackSettings(ConntrackSpec spec) {
        this.spec = spec;
        tcpLiberal = spec.tcpLiberal();
        tcpLoose = spec.tcpLoose();
        final ConntrackTimeouts timeouts = spec.timeouts();
        for (final TcpState state : TcpState.values()) {
            tcp[state.code] = Life.ticks(state.timeout(timeouts));
        }
        for (final SctpState state : SctpState.values()) {
            sctp[state.code] = Life.ticks(state.timeout(timeouts));
        }
        tcpUnacknowledged = Life.ticks(timeouts.tcpUnacknowledged());
        udp = Life.ticks(timeouts.udp());
        udpStream = Life.ticks(timeouts.udpStream());
        icmp = Life.ticks(timeouts.icmp());
        generic = Life.ticks(timeouts.generic());
        final int last =
                spec.zones().keySet().stream().mapToInt(Integer::intValue).max().orElse(-1);
        zoneOfScope = new short[last + 1];
        spec.zones().forEach((scope, zone) -> zoneOfScope[scope] = zone.shortValue());
    }

    int zoneOf(int scope) {
        return scope >= 0 && scope < zoneOfScope.length ? zoneOfScope[scope] & 0xFFFF : 0;
    }

    boolean isZoned() {
        return zoneOfScope.length != 0;
    }

    /** How long a connection may be silent from its last refresh on. */
    int timeoutTicks(int status, long entry) {
        return switch (Entry.kind(status)) {
            case Entry.TCP -> {
                final int usual = tcp[Entry.state(status)];
                final boolean open = Entry.state(status) == TcpState.ESTABLISHED.code;
                yield open && ((status & Entry.REPLIED) == 0 || TcpWindow.isUnacknowledged(entry))
                        ? Math.min(usual, tcpUnacknowledged)
                        : usual;
            }
            case Entry.UDP ->
                (status & Entry.REPLIED) != 0 && Entry.ageAtRefreshTicks(entry) > UDP_STREAM_AFTER_TICKS
                        ? udpStream
                        : udp;
            case Entry.SCTP -> sctp[Entry.state(status)];
            case Entry.ICMP -> icmp;
            case Entry.ONE_WAY ->
                oneWay(Entry.state(status), Entry.protocol(OffHeap.getLong(entry + Entry.ORIGINAL + Entry.META)));
            default -> generic;
        };
    }

    private int oneWay(int state, int protocol) {
        if (protocol == PacketParser.PROTOCOL_TCP) {
            return switch (state) {
                case OneWay.FIRST -> tcp[TcpState.SYN_SENT.code];
                case OneWay.USED -> tcp[TcpState.ESTABLISHED.code];
                default -> tcp[TcpState.TIME_WAIT.code];
            };
        }
        return protocol == PacketParser.PROTOCOL_UDP ? state == OneWay.FIRST ? udp : udpStream : generic;
    }

    /** Whether a full table may drop the connection for a new one. */
    static int lifeKind(int status) {
        final boolean settled = switch (Entry.kind(status)) {
            case Entry.TCP -> Entry.state(status) == TcpState.ESTABLISHED.code && (status & Entry.REPLIED) != 0;
            case Entry.SCTP -> Entry.state(status) == SctpState.ESTABLISHED.code;
            case Entry.ICMP, Entry.ONE_WAY -> false;
            default -> (status & Entry.REPLIED) != 0;
        };
        return settled ? Life.KEPT : Life.EVICTABLE;
    }
}
