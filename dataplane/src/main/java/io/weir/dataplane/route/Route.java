package io.weir.dataplane.route;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where packets to a prefix go, as the lookup returns it. Immutable.
 */
public final class Route {
    /** What happens to a packet that matches. */
    public enum Kind {
        /** It leaves by the adjacency. */
        FORWARD,
        /** The next hop on the port is the gateway, or else the destination itself; its Ethernet address has to be found first. */
        RESOLVE,
        /** It is weir's own address: weir answers. */
        LOCAL,
        /** It is dropped silently. */
        BLACKHOLE,
        /** It is dropped, and the sender told that there is no route. */
        UNREACHABLE,
        /** It is dropped, and the sender told that it is prohibited. */
        PROHIBIT
    }

    private final IpPrefix prefix;
    private final Kind kind;
    private final int adjacency;
    private final int port;
    private final int mtu;
    private final int slot;
    private final String origin;
    private final @Nullable IpAddress gateway;

    /**
     * @param prefix    what it matches
     * @param kind      what happens
     * @param adjacency for {@link Kind#FORWARD} the index in the adjacency table, else -1
     * @param port      output port id, or -1
     * @param mtu       the largest IP packet on this way, in bytes; 0 where it does not apply
     * @param slot      version slot of this route
     * @param origin    for people: {@code pod default/web}, {@code static}
     */
    public Route(IpPrefix prefix, Kind kind, int adjacency, int port, int mtu, int slot, String origin) {
        this(prefix, kind, adjacency, port, mtu, slot, origin, null);
    }

    /** As above; the gateway is for {@link Kind#RESOLVE}, null where the destination itself is on the link. */
    public Route(
            IpPrefix prefix,
            Kind kind,
            int adjacency,
            int port,
            int mtu,
            int slot,
            String origin,
            @Nullable IpAddress gateway) {
        this.gateway = gateway;
        this.prefix = prefix;
        this.kind = kind;
        this.adjacency = adjacency;
        this.port = port;
        this.mtu = mtu;
        this.slot = slot;
        this.origin = origin;
    }

    public IpPrefix prefix() {
        return prefix;
    }

    public Kind kind() {
        return kind;
    }

    public int adjacency() {
        return adjacency;
    }

    public int port() {
        return port;
    }

    public int mtu() {
        return mtu;
    }

    public int slot() {
        return slot;
    }

    public String origin() {
        return origin;
    }

    /** The router on the link whose Ethernet address has to be found; null: the destination itself is there. */
    public @Nullable IpAddress gateway() {
        return gateway;
    }

    @Override
    public String toString() {
        return prefix + " " + kind.name().toLowerCase(Locale.ROOT) + " (" + origin + ")";
    }
}
