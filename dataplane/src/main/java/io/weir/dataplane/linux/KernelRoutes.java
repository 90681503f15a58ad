package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/** The unicast routes of one namespace. */
public final class KernelRoutes {
    private static final int RTM_NEWROUTE = 24;
    private static final int RTM_DELROUTE = 25;
    private static final int RTM_GETROUTE = 26;

    /**
     * Bytes of {@code struct rtmsg}: family, destination length, source length, type of service, table, protocol,
     * scope, type, flags (4).
     */
    private static final int FIXED_LENGTH = 12;

    private static final int RTA_DST = 1;
    private static final int RTA_OIF = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int RTA_PRIORITY = 6;
    private static final int RTA_PREFSRC = 7;
    private static final int RTA_METRICS = 8;
    private static final int RTA_TABLE = 15;
    private static final int RTA_VIA = 18;
    private static final int RTAX_MTU = 2;
    private static final int RTNH_F_ONLINK = 4;
    private static final int RTM_F_CLONED = 0x200;
    private static final int RTN_UNICAST = 1;
    private static final int SCOPE_UNIVERSE = 0;
    private static final int SCOPE_LINK = 253;
    private static final int SCOPE_NOWHERE = 255;

    private final NetlinkSocket socket;

    KernelRoutes(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** All unicast routes with one next hop, of both families and all tables. */
    public List<KernelRoute> list() {
        List<KernelRoute> routes = new ArrayList<>();
        for (int family : new int[] {Rtnetlink.AF_INET, Rtnetlink.AF_INET6}) {
            NetlinkMessage request = new NetlinkMessage(RTM_GETROUTE, NetlinkMessage.DUMP);
            request.uint8(family)
                    .uint8(0)
                    .uint8(0)
                    .uint8(0)
                    .uint8(0)
                    .uint8(0)
                    .uint8(0)
                    .uint8(0)
                    .uint32(0);
            routes.addAll(socket.list(request, RTM_NEWROUTE, "listing the routes", KernelRoutes::parse));
        }
        return routes;
    }

    /** Adds a route; one to the same destination with the same metric must not be there. */
    public void add(KernelRoute route) {
        socket.change(
                request(
                        RTM_NEWROUTE,
                        NetlinkMessage.ACKNOWLEDGE | NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE,
                        route),
                "adding the route to " + route.destination());
    }

    /** Adds a route, in place of one to the same destination with the same metric. */
    public void replace(KernelRoute route) {
        socket.change(
                request(
                        RTM_NEWROUTE,
                        NetlinkMessage.ACKNOWLEDGE | NetlinkMessage.CREATE | NetlinkMessage.REPLACE,
                        route),
                "replacing the route to " + route.destination());
    }

    /** Deletes a route that is equal in destination, table, protocol and what else is given. */
    public void delete(KernelRoute route) {
        socket.change(
                request(RTM_DELROUTE, NetlinkMessage.ACKNOWLEDGE, route),
                "deleting the route to " + route.destination());
    }

    private static NetlinkMessage request(int type, int flags, KernelRoute route) {
        IpPrefix destination = route.destination();
        IpAddress gateway = route.gateway();
        // IPv4 wants to know how far the destination is; to delete, any distance will do. IPv6 does not look.
        int scope = type == RTM_DELROUTE ? SCOPE_NOWHERE : gateway == null ? SCOPE_LINK : SCOPE_UNIVERSE;
        NetlinkMessage request = new NetlinkMessage(type, flags)
                .uint8(Rtnetlink.family(destination.address()))
                .uint8(destination.length())
                .uint8(0)
                .uint8(0)
                .uint8(route.table() < 256 ? route.table() : 0)
                .uint8(route.protocol())
                .uint8(scope)
                .uint8(RTN_UNICAST)
                .uint32(route.onlink() ? RTNH_F_ONLINK : 0)
                .attribute(RTA_TABLE, route.table())
                .attribute(RTA_DST, destination.address().toBytes());
        if (route.interfaceIndex() != 0) {
            request.attribute(RTA_OIF, route.interfaceIndex());
        }
        if (gateway != null && gateway.isIpv4() == destination.isIpv4()) {
            request.attribute(RTA_GATEWAY, gateway.toBytes());
        } else if (gateway != null) {
            // An IPv4 route by way of an IPv6 neighbour (RFC 5549): struct rtvia, the family and the address.
            byte[] via = new byte[2 + 16];
            via[0] = Rtnetlink.AF_INET6;
            System.arraycopy(gateway.toBytes(), 0, via, 2, gateway.toBytes().length);
            request.attribute(RTA_VIA, via);
        }
        IpAddress preferredSource = route.preferredSource();
        if (preferredSource != null) {
            request.attribute(RTA_PREFSRC, preferredSource.toBytes());
        }
        if (route.metric() != 0) {
            request.attribute(RTA_PRIORITY, route.metric());
        }
        if (route.mtu() != 0) {
            request.nested(RTA_METRICS, () -> request.attribute(RTAX_MTU, route.mtu()));
        }
        return request;
    }

    private static @Nullable KernelRoute parse(DirectBuffer buffer, int start, int end) {
        if (end - start < FIXED_LENGTH
                || buffer.getByte(start + 7) != RTN_UNICAST
                || (buffer.getInt(start + 8) & RTM_F_CLONED) != 0) {
            return null;
        }
        int family = buffer.getByte(start) & 0xFF;
        NetlinkAttributes attributes = new NetlinkAttributes(buffer, start + FIXED_LENGTH, end);
        int interfaceIndex = attributes.uint32(RTA_OIF, 0);
        if (interfaceIndex == 0) {
            return null;
        }
        IpAddress any = family == Rtnetlink.AF_INET ? IpAddress.ANY_V4 : IpAddress.ANY_V6;
        IpAddress destination = Rtnetlink.address(family, attributes.bytes(RTA_DST));
        return new KernelRoute(
                new IpPrefix(destination == null ? any : destination, buffer.getByte(start + 1) & 0xFF),
                gateway(family, attributes),
                interfaceIndex,
                (buffer.getInt(start + 8) & RTNH_F_ONLINK) != 0,
                Rtnetlink.address(family, attributes.bytes(RTA_PREFSRC)),
                attributes.uint32(RTA_TABLE, buffer.getByte(start + 4) & 0xFF),
                buffer.getByte(start + 5) & 0xFF,
                attributes.uint32(RTA_PRIORITY, 0),
                attributes.nested(RTA_METRICS).uint32(RTAX_MTU, 0));
    }

    private static @Nullable IpAddress gateway(int family, NetlinkAttributes attributes) {
        byte[] via = attributes.bytes(RTA_VIA);
        if (via != null && via.length == 2 + 16) {
            return IpAddress.ofBytes(Arrays.copyOfRange(via, 2, via.length));
        }
        return Rtnetlink.address(family, attributes.bytes(RTA_GATEWAY));
    }
}
