package io.weir.conntrack;

import io.weir.dataplane.wire.IpPrefix;
import org.jspecify.annotations.Nullable;

/**
 * Selects connections; a null or negative component selects all.
 *
 * @param protocol         IP protocol number, or -1
 * @param source           holds the sender of the first packet
 * @param destination      holds the first packet's destination, or the backend behind it
 * @param sourcePort       of the first packet, or -1
 * @param destinationPort  of the first packet, or -1
 * @param zone             or -1
 * @param state            as in {@link ConnectionRecord#state()}; case does not matter
 * @param sourceTranslated true for connections under source NAT, false for those without
 */
public record ConnectionFilter(
        int protocol,
        @Nullable IpPrefix source,
        @Nullable IpPrefix destination,
        int sourcePort,
        int destinationPort,
        int zone,
        @Nullable String state,
        @Nullable Boolean sourceTranslated) {
    /** Selects every connection. */
    public static final ConnectionFilter ALL = new ConnectionFilter(-1, null, null, -1, -1, -1, null, null);

    public boolean selects(ConnectionRecord connection) {
        return matches(protocol, connection.protocol())
                && matches(sourcePort, connection.originalSourcePort())
                && matches(destinationPort, connection.originalDestinationPort())
                && matches(zone, connection.zone())
                && (source == null || source.contains(connection.originalSource()))
                && (destination == null
                        || destination.contains(connection.originalDestination())
                        || destination.contains(connection.replySource()))
                && (state == null || state.equalsIgnoreCase(connection.state()))
                && (sourceTranslated == null || sourceTranslated == connection.isSourceTranslated());
    }

    private static boolean matches(int wanted, int value) {
        return wanted < 0 || wanted == value;
    }

    public ConnectionFilter withProtocol(int newProtocol) {
        return new ConnectionFilter(
                newProtocol, source, destination, sourcePort, destinationPort, zone, state, sourceTranslated);
    }

    public ConnectionFilter withDestination(@Nullable IpPrefix newDestination, int newDestinationPort) {
        return new ConnectionFilter(
                protocol, source, newDestination, sourcePort, newDestinationPort, zone, state, sourceTranslated);
    }
}
