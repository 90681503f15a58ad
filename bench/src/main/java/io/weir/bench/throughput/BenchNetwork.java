package io.weir.bench.throughput;

import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.List;

/** The addresses that all scenarios share: senders in 10.0.0.0/9, receivers in 10.128.0.0/9, and the same in fd00::/16. */
public final class BenchNetwork {
    static final int DESTINATIONS = 250;
    static final int DESTINATION_PORT = 80;
    static final int MTU = 9000;
    static final List<IpAddress> NAT_ADDRESSES = List.of(IpAddress.parse("192.0.2.1"), IpAddress.parse("2001:db8::1"));

    private BenchNetwork() {}

    /** Packets from the first sender to the receivers. */
    public static Traffic.Ends ends(boolean ipv6) {
        final IpAddress source = IpAddress.parse(ipv6 ? "fd00:a::1" : "10.0.0.1");
        final IpAddress destination = IpAddress.parse(ipv6 ? "fd00:b::1" : "10.128.0.1");
        return ends(source, destination, DESTINATIONS, DESTINATION_PORT);
    }

    static Traffic.Ends ends(IpAddress source, IpAddress destination, int destinations, int port) {
        return new Traffic.Ends(
                Rig.SENDER_MAC,
                Rig.OWN_MAC,
                source.high(),
                source.low(),
                destination.high(),
                destination.low(),
                destinations,
                port);
    }

    /** A dozen routes, as a small node has them; those to the receivers and, for answers, to the senders lead to the sink. */
    static List<RouteSpec> routes() {
        final List<RouteSpec> routes = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            routes.add(route("192.168." + i + ".0/24"));
        }
        routes.add(route("10.128.0.0/9"));
        routes.add(route("fd00:b::/32"));
        routes.add(route("10.0.0.0/9"));
        routes.add(route("fd00:a::/32"));
        return routes;
    }

    static RouteSpec route(String prefix) {
        return new RouteSpec(
                IpPrefix.parse(prefix), new RouteSpec.Via(Rig.SINK, AdjacencyTable.ETHERNET, MTU, ethernet()), "bench");
    }

    /** To the receiver, from weir; the EtherType stays the packet's own. */
    static byte[] ethernet() {
        final byte[] header = new byte[14];
        System.arraycopy(Rig.RECEIVER_MAC.toBytes(), 0, header, 0, 6);
        System.arraycopy(Rig.OWN_MAC.toBytes(), 0, header, 6, 6);
        return header;
    }
}
