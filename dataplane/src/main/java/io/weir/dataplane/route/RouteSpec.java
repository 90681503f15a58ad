package io.weir.dataplane.route;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Arrays;

/**
 * A route as the control side says it.
 *
 * @param prefix what it matches
 * @param target where it leads
 * @param origin who wants it, for people: {@code pod default/web}, {@code static}
 */
public record RouteSpec(IpPrefix prefix, Target target, String origin) {
    /** Where a route leads. */
    public sealed interface Target {}

    /**
     * To a neighbour whose link header is known.
     *
     * @param port   output port id
     * @param kind   {@link AdjacencyTable#ETHERNET} or a tunnel
     * @param mtu    the largest IP packet on this way, in bytes
     * @param header bytes in front of the IP packet, as {@link AdjacencyTable} describes them
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by content below
    public record Via(int port, int kind, int mtu, byte[] header) implements Target {
        @Override
        public boolean equals(Object other) {
            return other instanceof final Via that
                    && port == that.port
                    && kind == that.kind
                    && mtu == that.mtu
                    && Arrays.equals(header, that.header);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * port + mtu) + Arrays.hashCode(header);
        }
    }

    /**
     * To a link whose stations have to be found by address resolution first.
     *
     * @param port output port id
     * @param mtu  the largest IP packet on this way, in bytes
     */
    public record Link(int port, int mtu) implements Target {}

    /**
     * To a router on a link; its Ethernet address has to be found by address resolution first.
     *
     * @param port    output port id
     * @param mtu     the largest IP packet on this way, in bytes
     * @param address the router's address on that link
     */
    public record Gateway(int port, int mtu, IpAddress address) implements Target {}

    /** To weir itself, or nowhere. */
    public record End(Route.Kind kind) implements Target {
        public End {
            if (kind == Route.Kind.FORWARD || kind == Route.Kind.RESOLVE) {
                throw new IllegalArgumentException(kind + " needs a port");
            }
        }
    }
}
