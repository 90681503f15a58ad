package io.weir.bench.throughput;

import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.vxlan.RemoteVtep;
import io.weir.vxlan.TunnelHeader;
import io.weir.vxlan.VxlanNetwork;
import io.weir.vxlan.VxlanOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A VXLAN network of two nodes as flannel makes them: VNI 1, port 8472, IPv4 underlay. */
final class BenchTunnel {
    private static final int UDP_PORT = 8472;
    private static final int ETHERNET = 14;
    private static final IpAddress LOCAL = IpAddress.parse("192.168.0.1");
    private static final IpAddress REMOTE = IpAddress.parse("192.168.0.2");
    private static final MacAddress LOCAL_VTEP = MacAddress.parse("02:42:00:00:00:01");
    private static final MacAddress REMOTE_VTEP = MacAddress.parse("02:42:00:00:00:02");

    private BenchTunnel() {}

    static VxlanNetwork network() {
        return network(LOCAL, LOCAL_VTEP, REMOTE, REMOTE_VTEP);
    }

    private static VxlanNetwork network(IpAddress local, MacAddress localMac, IpAddress remote, MacAddress remoteMac) {
        return new VxlanNetwork(
                "bench",
                1,
                UDP_PORT,
                local,
                localMac,
                BenchNetwork.MTU,
                VxlanOptions.DEFAULT,
                List.of(new RemoteVtep(IpPrefix.parse("10.128.0.0/9"), remoteMac, remote)));
    }

    /** The receivers' routes, through the tunnel. */
    static List<RouteSpec> routes() {
        final VxlanNetwork network = network();
        final byte[] header =
                TunnelHeader.of(network, network.remotes().getFirst(), Rig.OWN_MAC, Rig.RECEIVER_MAC, true);
        final List<RouteSpec> routes = new ArrayList<>(BenchNetwork.routes());
        for (final String prefix : List.of("10.128.0.0/9", "fd00:b::/32")) {
            routes.add(new RouteSpec(
                    IpPrefix.parse(prefix),
                    new RouteSpec.Via(Rig.SINK, AdjacencyTable.TUNNEL_IPV4, network.mtu(), header),
                    "bench tunnel"));
        }
        return routes;
    }

    /** The frames as the other node would send them to this one. */
    static List<byte[]> encapsulate(List<byte[]> frames) {
        final VxlanNetwork other = network(REMOTE, REMOTE_VTEP, LOCAL, LOCAL_VTEP);
        final byte[] header = TunnelHeader.of(other, other.remotes().getFirst(), Rig.SENDER_MAC, Rig.OWN_MAC, true);
        final List<byte[]> encapsulated = new ArrayList<>(frames.size());
        for (int i = 0; i < frames.size(); i++) {
            final byte[] frame = frames.get(i);
            final ByteBuffer outer = ByteBuffer.allocate(header.length - ETHERNET + frame.length);
            outer.put(header).put(frame, ETHERNET, frame.length - ETHERNET);
            outer.put(header.length - 2, frame[12]).put(header.length - 1, frame[13]);
            final int length = outer.capacity() - ETHERNET;
            outer.putShort(16, (short) length);
            final int checksum = (outer.getShort(24) & 0xFFFF) - length;
            outer.putShort(24, (short) (checksum < 0 ? checksum - 1 : checksum));
            outer.putShort(34, (short) (49152 | (i & 0x3FFF)));
            outer.putShort(38, (short) (length - 20));
            encapsulated.add(outer.array());
        }
        return encapsulated;
    }
}
