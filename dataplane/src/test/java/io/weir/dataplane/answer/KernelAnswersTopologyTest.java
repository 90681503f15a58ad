package io.weir.dataplane.answer;

import static io.weir.dataplane.answer.TestRouter.BIG_POD_MAC;
import static io.weir.dataplane.answer.TestRouter.GATEWAY_MAC;
import static io.weir.dataplane.answer.TestRouter.PEER_MAC;
import static io.weir.dataplane.answer.TestRouter.UPLINK_MAC;
import static io.weir.dataplane.wire.PacketBuilder.packet;
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
import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.wire.PacketPrinter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/**
 * The kernel is the oracle: the same packets go through a Linux router in a namespace and through weir, and what comes back
 * and what goes on must be the same bytes, but for the identification and the flow label that a router chooses freely.
 */
@TopologyTest
class KernelAnswersTopologyTest {
    private static final PacketSocketSpec SOCKET = PacketSocketSpec.DEFAULT.receiveRing(16, 128 << 10, 2048);
    private static final long PATIENCE_NS = 3_000_000_000L;

    /** After an answer, or where none is due: nothing more comes after this time. */
    private static final long QUIET_NS = 60_000_000L;

    private final PacketPool pool = new PacketPool(128, 16);
    private final Burst burst = new Burst(64);

    @Test
    void answersAsLinuxDoes() {
        final Map<String, byte[]> cases = cases();
        final SoftAssertions soft = new SoftAssertions();
        try (TopologyNamespaces net = TopologyNamespaces.create();
                TestRouter weir = new TestRouter(new AnswerSettings(1_000_000, 1000, 0, 1))) {
            router(net);
            try (NetworkNamespace client = NetworkNamespace.named(net.name("client"));
                    NetworkNamespace server = NetworkNamespace.named(net.name("server"));
                    AfPacketPort near = new AfPacketPort("near", PacketSocket.open("eth0", SOCKET, client));
                    AfPacketPort far = new AfPacketPort("far", PacketSocket.open("eth0", SOCKET, server))) {
                cases.forEach((name, frame) -> {
                    final List<String> kernel = throughKernel(frame, name.startsWith("silent"), near, far);
                    weir.uplink.offer(frame);
                    weir.run();
                    final List<String> ours = new ArrayList<>();
                    drain(weir.uplink, "back", ours);
                    drain(weir.bigPod, "on", ours);
                    soft.assertThat(ours).as(name).isEqualTo(kernel);
                    if (!name.startsWith("silent")) {
                        soft.assertThat(kernel).as("the kernel's own: " + name).isNotEmpty();
                    }
                });
            }
        }
        pool.close();
        soft.assertAll();
        assertThat(cases).hasSizeGreaterThan(40);
    }

    private static void drain(MemoryPort port, String label, List<String> into) {
        for (byte[] frame = port.poll(); frame != null; frame = port.poll()) {
            into.add(text(label, frame));
        }
    }

    private static Map<String, byte[]> cases() {
        final Map<String, byte[]> cases = new LinkedHashMap<>();
        for (final boolean ipv6 : new boolean[] {false, true}) {
            final String family = ipv6 ? " v6" : " v4";
            final String on = ipv6 ? "fd01::3" : "10.1.0.3";
            final String nowhere = ipv6 ? "2001:db8:9::1" : "198.51.100.1";
            final String prohibited = ipv6 ? "fd67::1" : "10.67.0.1";
            final String own = ipv6 ? "fd01::1" : "10.1.0.1";
            cases.put(
                    "no route" + family,
                    from(ipv6, nowhere).udp(9, 10).payloadOf(50).build());
            for (final int length : new int[] {0, 1, 519, 520, 521, 1183, 1184, 1185, 1252}) {
                cases.put(
                        "port unreachable, " + length + family,
                        from(ipv6, own).udp(9, 10).payloadOf(length).build());
            }
            cases.put(
                    "prohibited" + family,
                    from(ipv6, prohibited).udp(9, 10).payloadOf(30).build());
            cases.put(
                    "time exceeded" + family,
                    from(ipv6, on).ttl(1).udp(9, 10).payloadOf(30).build());
            cases.put(
                    "time exceeded, ping" + family,
                    from(ipv6, on).ttl(1).icmpEcho(1, 2).payloadOf(30).build());
            cases.put(
                    "time exceeded, class" + family,
                    from(ipv6, on).ttl(1).trafficClass(0xB8).udp(9, 10).build());
            cases.put(
                    "forwarded" + family,
                    from(ipv6, on)
                            .ttl(2)
                            .trafficClass(0xB9)
                            .udp(9, 10)
                            .payloadOf(99)
                            .build());
            cases.put(
                    "ping" + family,
                    from(ipv6, own)
                            .trafficClass(0xB8)
                            .icmpEcho(7, 8)
                            .payloadOf(333)
                            .build());
            cases.put(
                    "ping, last hop" + family,
                    from(ipv6, own).ttl(1).icmpEcho(7, 8).build());
            cases.put(
                    "silent: ping, bad checksum" + family,
                    from(ipv6, own).icmpEcho(7, 8).checksum(1).build());
            for (final String flags : new String[] {"S", "A", "SA", "F", "FPA", "", "SF"}) {
                cases.put(
                        "reset of '" + flags + "'" + family,
                        tcp(ipv6, own, flags).payloadOf(11).build());
            }
            cases.put("silent: reset" + family, tcp(ipv6, own, "R").build());
            cases.put(
                    "silent: bad checksum" + family,
                    tcp(ipv6, own, "S").checksum(77).build());
            cases.put(
                    "silent: error about an error" + family,
                    from(ipv6, nowhere).icmpError(ipv6 ? 1 : 3, 1, quoted(ipv6)).build());
            cases.put(
                    "silent: unasked reply" + family,
                    from(ipv6, own).icmpEchoReply(1, 2).payloadOf(8).build());
        }
        cases.put(
                "too big v4",
                from(false, "10.1.0.3")
                        .dontFragment()
                        .udp(9, 10)
                        .payloadOf(1400)
                        .build());
        cases.put("too big v6", from(true, "fd01::3").udp(9, 10).payloadOf(1400).build());
        cases.put(
                "just not too big v6",
                from(true, "fd01::3").udp(9, 10).payloadOf(1352).build());
        cases.put(
                "fragmented v4",
                from(false, "10.1.0.3").id(99).udp(9, 10).payloadOf(1472).build());
        cases.put(
                "fragment fragmented v4",
                from(false, "10.1.0.3")
                        .id(98)
                        .moreFragments()
                        .fragmentOffset(800)
                        .protocol(17)
                        .payloadOf(1480)
                        .build());
        cases.put(
                "last fragment fragmented v4",
                from(false, "10.1.0.3")
                        .id(97)
                        .fragmentOffset(800)
                        .protocol(17)
                        .payloadOf(1477)
                        .build());
        cases.put(
                "first fragment, no route v4",
                from(false, "198.51.100.1")
                        .moreFragments()
                        .udp(9, 10)
                        .payloadOf(64)
                        .build());
        cases.put(
                "silent: later fragment, no route v4",
                from(false, "198.51.100.1")
                        .fragmentOffset(64)
                        .protocol(17)
                        .payloadOf(64)
                        .build());
        return cases;
    }

    private static PacketBuilder from(boolean ipv6, String destination) {
        return packet().ethernet(PEER_MAC, UPLINK_MAC).ip(ipv6 ? "2001:db8::9" : "192.0.2.9", destination);
    }

    private static PacketBuilder tcp(boolean ipv6, String destination, String flags) {
        return from(ipv6, destination).tcp(4000, 81).flags(flags).seq(1000).ack(5000);
    }

    private static byte[] quoted(boolean ipv6) {
        return packet().ip(ipv6 ? "2001:db8:9::1" : "198.51.100.1", ipv6 ? "2001:db8::9" : "192.0.2.9")
                .udp(1, 2)
                .payloadOf(20)
                .build();
    }

    /** The same addresses, routes, MTU and neighbours as {@link TestRouter}, in the kernel. */
    private static void router(TopologyNamespaces net) {
        net.namespace("client");
        net.namespace("router");
        net.namespace("server");
        for (final String quiet : new String[] {"client", "server"}) {
            net.run(quiet, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
        }
        net.veth("client", "eth0", "router", "up0");
        net.veth("server", "eth0", "router", "down0");
        final String script = String.join(
                "\n",
                "set -e",
                "for f in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 > /proc/sys/net/$f; done",
                "for f in ipv4/icmp_ratelimit ipv4/icmp_ratemask ipv6/icmp/ratelimit ipv4/conf/all/rp_filter"
                        + " ipv4/conf/up0/rp_filter; do echo 0 > /proc/sys/net/$f; done",
                "ip link set up0 address " + UPLINK_MAC,
                "ip link set down0 address " + GATEWAY_MAC + " mtu 1400",
                "ip address add 192.0.2.1/24 dev up0",
                "ip address add 2001:db8::1/64 dev up0",
                "ip address add 10.1.0.1/24 dev down0",
                "ip address add fd01::1/64 dev down0",
                "ip neighbour replace 192.0.2.9 lladdr " + PEER_MAC + " dev up0",
                "ip neighbour replace 2001:db8::9 lladdr " + PEER_MAC + " dev up0",
                "ip neighbour replace 10.1.0.3 lladdr " + BIG_POD_MAC + " dev down0",
                "ip neighbour replace fd01::3 lladdr " + BIG_POD_MAC + " dev down0",
                "ip route add prohibit 10.67.0.0/16",
                "ip -6 route add prohibit fd67::/16");
        net.run("router", "sh", "-c", script);
    }

    private List<String> throughKernel(byte[] frame, boolean silent, AfPacketPort near, AfPacketPort far) {
        collect(near, "stale", new ArrayList<>());
        collect(far, "stale", new ArrayList<>());
        final int handle = pool.acquireFor(frame.length);
        OffHeap.copy(frame, 0, pool.frameAddress(handle), frame.length);
        burst.add(handle, pool.frameAddress(handle), frame.length, 0);
        assertThat(near.transmit(burst)).isOne();
        burst.releaseAll(pool);
        final List<String> back = new ArrayList<>();
        final List<String> on = new ArrayList<>();
        long end = System.nanoTime() + (silent ? QUIET_NS : PATIENCE_NS);
        int seen = 0;
        while (System.nanoTime() - end < 0) {
            collect(near, "back", back);
            collect(far, "on", on);
            if (back.size() + on.size() > seen) {
                seen = back.size() + on.size();
                end = System.nanoTime() + QUIET_NS;
            }
            LockSupport.parkNanos(1_000_000);
        }
        back.addAll(on);
        return back;
    }

    private void collect(AfPacketPort port, String label, List<String> into) {
        while (port.receive(burst, pool) != 0) {
            for (int i = 0; i < burst.size(); i++) {
                final byte[] frame = new byte[burst.length(i)];
                OffHeap.copy(burst.address(i), frame, 0, frame.length);
                if (!isOwnBusiness(frame)) {
                    into.add(text(label, frame));
                }
            }
            burst.releaseAll(pool);
        }
    }

    /** Neighbour discovery and group reports that the router's kernel sends of itself. */
    private static boolean isOwnBusiness(byte[] frame) {
        final boolean ipv6 = frame[12] == (byte) 0x86;
        final boolean group = (frame[0] & 1) != 0;
        final boolean discovery = ipv6 && frame.length > 54 && frame[20] == 58 && (frame[54] & 0xFF) >= 130;
        final boolean echo = discovery && ((frame[54] & 0xFF) < 130 || (frame[54] & 0xFF) > 255);
        return group || frame[13] == 6 || (discovery && !echo);
    }

    /** What must be the same: all bytes, without identification, flow label and checksums in what the router made itself. */
    private static String text(String label, byte[] frame) {
        final byte[] same = frame.clone();
        if (label.equals("back")) {
            if (same[12] == 8) {
                same[18] = same[19] = 0;
                same[24] = same[25] = 0;
                clearChecksum(same, 34, same[23]);
            } else {
                same[15] &= (byte) 0xF0;
                same[16] = same[17] = 0;
                clearChecksum(same, 54, same[20]);
            }
        }
        return label + " " + PacketPrinter.print(same) + "\n" + HexFormat.of().formatHex(same);
    }

    private static void clearChecksum(byte[] frame, int transport, int protocol) {
        final int field = transport + (protocol == 6 ? 16 : 2);
        if (field + 2 <= frame.length) {
            frame[field] = frame[field + 1] = 0;
        }
    }
}
