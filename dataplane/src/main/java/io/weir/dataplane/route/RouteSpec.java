package io.weir.dataplane.route;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
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

    /**
     * Into a tunnel, whose packets go to a station on a link; its Ethernet address has to be found by address resolution
     * first.
     *
     * @param port    output port id
     * @param mtu     the largest inner IP packet, in bytes
     * @param gateway who takes the tunnel packets: the tunnel's other end, or the router towards it
     * @param kind    {@link AdjacencyTable#TUNNEL_IPV4} or {@link AdjacencyTable#TUNNEL_IPV6}
     * @param header  as in {@link Via}, with zeros for both outer Ethernet addresses
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by content below
    public record Tunnel(int port, int mtu, IpAddress gateway, int kind, byte[] header) implements Target {
        /** The same with the outer Ethernet addresses filled in. */
        public Via resolved(MacAddress ownMac, MacAddress gatewayMac) {
            final byte[] complete = header.clone();
            System.arraycopy(gatewayMac.toBytes(), 0, complete, 0, MacAddress.LENGTH);
            System.arraycopy(ownMac.toBytes(), 0, complete, MacAddress.LENGTH, MacAddress.LENGTH);
            return new Via(port, kind, mtu, complete);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof final Tunnel that
                    && port == that.port
                    && mtu == that.mtu
                    && kind == that.kind
                    && gateway.equals(that.gateway)
                    && Arrays.equals(header, that.header);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * port + gateway.hashCode()) + Arrays.hashCode(header);
        }
    }

    /** To weir itself, or nowhere. */
    public record End(Route.Kind kind) implements Target {
        public End {
            if (kind == Route.Kind.FORWARD || kind == Route.Kind.RESOLVE) {
                throw new IllegalArgumentException(kind + " needs a port");
            }
        }
    }
}
