package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's network configuration in one namespace (rtnetlink(7)): interfaces, addresses, routes and neighbours.
 * For one thread at a time; the calls wait for the kernel and throw {@link LinuxException} with its own words when it
 * refuses.
 */
public final class Rtnetlink implements AutoCloseable {
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    private final NetlinkSocket socket;
    private final KernelLinks links;
    private final KernelAddresses addresses;
    private final KernelRoutes routes;
    private final KernelNeighbours neighbours;
    private final KernelRules rules;

    private Rtnetlink(NetlinkSocket socket) {
        this.socket = socket;
        links = new KernelLinks(socket);
        addresses = new KernelAddresses(socket, links);
        routes = new KernelRoutes(socket);
        neighbours = new KernelNeighbours(socket, links);
        rules = new KernelRules(socket);
    }

    /** Opens the configuration of a namespace; it stays that one's, also when the namespace's file is closed. */
    public static Rtnetlink open(NetworkNamespace namespace) {
        return new Rtnetlink(NetlinkSocket.open(namespace, 0));
    }

    /** Interfaces. */
    public KernelLinks links() {
        return links;
    }

    /** Addresses on interfaces. */
    public KernelAddresses addresses() {
        return addresses;
    }

    /** Routes. */
    public KernelRoutes routes() {
        return routes;
    }

    /** Neighbours. */
    public KernelNeighbours neighbours() {
        return neighbours;
    }

    /** Routing rules. */
    public KernelRules rules() {
        return rules;
    }

    @Override
    public void close() {
        socket.close();
    }

    static int family(IpAddress address) {
        return address.isIpv4() ? AF_INET : AF_INET6;
    }

    /** Whether this is an address of a family whose length fits. */
    static boolean isAddress(int family, byte[] bytes) {
        return family == AF_INET ? bytes.length == 4 : family == AF_INET6 && bytes.length == 16;
    }

    /** The address that an attribute holds, or null if it is missing or of another length. */
    static @Nullable IpAddress address(int family, byte @Nullable [] bytes) {
        return bytes == null || !isAddress(family, bytes) ? null : IpAddress.ofBytes(bytes);
    }
}
