package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.linux.PacketSocketSpec;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.AfPacketPort;
import io.weir.dataplane.wire.PacketPrinter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * The kernel as oracle, devices included: the same generated packets go through weir, on two AF_PACKET uplinks, and through a
 * Linux router with the same addresses, routes, MTUs and Ethernet addresses; what both neighbours of each receive is compared,
 * ICMP errors included.
 */
@TopologyTest
class KernelOracleTopologyTest {
    private static final int PACKETS = 400;
    private static final PacketSocketSpec SOCKET = PacketSocketSpec.DEFAULT.receiveRing(64, 128 << 10, 2048);
    private static final String UPLINKS = """
            ports:
              host: {enabled: false}
              uplinks:
              - {name: left, device: up0, addresses: [192.168.7.1/24, "fd00:7::1/64"]}
              - {name: right, device: up1, mtu: 1300, addresses: [192.168.8.1/24, "fd00:8::1/64"]}
            routes:
            - {to: 198.51.100.0/24, via: 192.168.7.2}
            - {to: "2001:db8:7::/64", via: "fd00:7::2"}
            - {to: 203.0.113.0/24, via: 192.168.8.2}
            - {to: "2001:db8:8::/64", via: "fd00:8::2"}
            """;

    @Test
    void bothSendTheSame() throws Exception {
        TopologyNamespaces.assumeProgram("nft", "nftables");
        try (NodeRig rig = new NodeRig(NodeRig.NODE + UPLINKS);
                PacketPool pool = new PacketPool(256, 16)) {
            rig.net.namespace("kernel");
            around(rig, "node", "");
            around(rig, "kernel", "k-");
            rig.net.run("kernel", "sh", "-c", KERNEL);
            rig.start();
            try (Sides weir = new Sides(rig.namespace("left"), rig.namespace("right"), pool);
                    Sides kernel = new Sides(rig.namespace("k-left"), rig.namespace("k-right"), pool)) {
                // neighbours are known after this, and what it makes them say is thrown away
                weir.send(OraclePackets.warmUp());
                kernel.send(OraclePackets.warmUp());
                weir.collect();
                kernel.collect();

                for (final byte[] frame : OraclePackets.generate(PACKETS)) {
                    weir.send(List.of(frame));
                    kernel.send(List.of(frame));
                    LockSupport.parkNanos(2_000_000); // a thousand ICMP errors a second are the limit of both
                }
                final List<String> expected = kernel.collect();
                final List<String> actual = weir.collect();
                assertThat(without(expected, actual))
                        .as("only the kernel sends")
                        .isEmpty();
                assertThat(without(actual, expected)).as("only weir sends").isEmpty();
                assertThat(expected).hasSizeGreaterThan(PACKETS / 2);
                assertThat(expected.stream().filter(line -> line.startsWith("left")))
                        .as("answers and errors")
                        .hasSizeGreaterThan(PACKETS / 8);
            }
        }
    }

    private static List<String> without(List<String> all, List<String> others) {
        final List<String> rest = new ArrayList<>(all);
        others.forEach(rest::remove);
        return rest;
    }

    private static final String KERNEL = """
            set -e
            for f in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 > /proc/sys/net/$f; done
            for f in ipv4/icmp_ratelimit ipv4/icmp_ratemask ipv6/icmp/ratelimit ipv4/conf/all/rp_filter \\
                ipv4/conf/up0/rp_filter; do echo 0 > /proc/sys/net/$f; done
            ip route add 198.51.100.0/24 via 192.168.7.2
            ip route add 2001:db8:7::/64 via fd00:7::2
            ip route add 203.0.113.0/24 via 192.168.8.2
            ip route add 2001:db8:8::/64 via fd00:8::2
            """;

    /** A router's two neighbours, whose kernels do nothing but resolve addresses. */
    private static void around(NodeRig rig, String router, String prefix) {
        side(rig, router, "up0", prefix + "left", 7, OraclePackets.LEFT_MAC, OraclePackets.LEFT_PEER_MAC);
        side(rig, router, "up1", prefix + "right", 8, OraclePackets.RIGHT_MAC, OraclePackets.RIGHT_PEER_MAC);
        rig.net.run(prefix + "right", "ip", "link", "set", "eth0", "mtu", "1300");
        rig.net.run(router, "ip", "link", "set", "up1", "mtu", "1300");
    }

    private static void side(
            NodeRig rig, String router, String device, String label, int network, String mac, String peerMac) {
        rig.net.namespace(label);
        rig.net.veth(router, device, label, "eth0");
        rig.net.run(router, "ip", "link", "set", device, "address", mac);
        rig.net.run(label, "ip", "link", "set", "eth0", "address", peerMac);
        for (final String family : new String[] {"192.168.%d.%d/24", "fd00:%d::%d/64"}) {
            rig.net.run(router, "ip", "address", "add", family.formatted(network, 1), "dev", device);
            rig.net.run(label, "ip", "address", "add", family.formatted(network, 2), "dev", "eth0");
        }
        rig.net.run(
                label,
                "nft",
                "add table netdev quiet; add chain netdev quiet in { type filter hook ingress device eth0 priority 0; };"
                        + " add rule netdev quiet in meta protocol ip drop;"
                        + " add rule netdev quiet in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept;"
                        + " add rule netdev quiet in meta protocol ip6 drop");
    }

    /** The neighbours of one router. */
    private static final class Sides implements AutoCloseable {
        private static final long QUIET_NS = 300_000_000L;

        private final AfPacketPort left;
        private final AfPacketPort right;
        private final PacketPool pool;
        private final Burst burst = new Burst(64);
        private final List<String> seen = new ArrayList<>();

        Sides(NetworkNamespace left, NetworkNamespace right, PacketPool pool) {
            this.left = new AfPacketPort("left", PacketSocket.open("eth0", SOCKET, left));
            this.right = new AfPacketPort("right", PacketSocket.open("eth0", SOCKET, right));
            this.pool = pool;
        }

        void send(List<byte[]> frames) {
            for (final byte[] frame : frames) {
                final int handle = pool.acquireFor(frame.length);
                OffHeap.copy(frame, 0, pool.frameAddress(handle), frame.length);
                burst.add(handle, pool.frameAddress(handle), frame.length, 0);
                assertThat(left.transmit(burst)).isOne();
                burst.releaseAll(pool);
            }
            take();
        }

        private int take() {
            return take(left, "left") + take(right, "right");
        }

        private int take(AfPacketPort port, String label) {
            int count = 0;
            while (port.receive(burst, pool) != 0) {
                for (int i = 0; i < burst.size(); i++) {
                    final byte[] frame = new byte[burst.length(i)];
                    OffHeap.copy(burst.address(i), frame, 0, frame.length);
                    if (!OraclePackets.isRoutersOwnBusiness(frame)) {
                        final byte[] same = OraclePackets.comparable(frame);
                        seen.add(label + " " + PacketPrinter.print(same) + "\n"
                                + HexFormat.of().formatHex(same));
                        count++;
                    }
                }
                burst.releaseAll(pool);
            }
            return count;
        }

        /** Everything that has arrived, in an order of its own; waits until nothing comes any more. */
        List<String> collect() {
            long quietSince = System.nanoTime();
            while (System.nanoTime() - quietSince < QUIET_NS) {
                if (take() != 0) {
                    quietSince = System.nanoTime();
                }
                LockSupport.parkNanos(1_000_000);
            }
            final List<String> all = seen.stream().sorted().toList();
            seen.clear();
            return all;
        }

        @Override
        public void close() {
            left.close();
            right.close();
        }
    }
}
