package io.weir.agent.flannel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real flannel network: Linux's own VXLAN device, two weir nodes, and a real etcd between them. */
@TopologyTest
@Timeout(180)
class FlannelTopologyTest {
    private static final String CONFIG = "{\"Network\":\"10.244.0.0/16\",\"EnableIPv6\":true,"
            + "\"IPv6Network\":\"fd00:244::/48\",\"Backend\":{\"Type\":\"vxlan\"%s}}";

    @TempDir
    Path folder;

    private EtcdServer etcd;
    private FlannelTopology flannel;

    @BeforeEach
    void start() throws Exception {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        etcd = EtcdServer.start(folder);
        etcd.config(CONFIG.formatted(""));
        etcd.putLeased("subnets/10.244.2.0-24&fd00:244:0:2::-64", FlannelTopology.kernelLease("192.168.77.2"), 3600);
        flannel = new FlannelTopology(folder, etcd.endpoint());
        flannel.startKernel();
        startWeir(1);
    }

    private void startWeir(int node) throws Exception {
        flannel.startWeir(node);
        flannel.tellKernel(node);
    }

    @AfterEach
    void stop() {
        if (flannel != null) {
            flannel.close();
        }
        if (etcd != null) {
            etcd.close();
        }
    }

    /** At least one of four comes back: each direction's first big packet may only teach its sender the path's MTU. */
    private void ping(int from, String fromAddress, String to, int size) {
        flannel.net.run(
                flannel.podLabel(from),
                "ping",
                "-c",
                "4",
                "-i",
                "0.05",
                "-W",
                "2",
                "-s",
                "" + size,
                "-I",
                fromAddress,
                to);
    }

    private void pingBothWays(int one, int other) {
        for (final int size : new int[] {56, 1400, 1402, 1410, 1422, 1423, 1430, 3000}) {
            ping(one, FlannelTopology.pod(one), FlannelTopology.pod(other), size);
            ping(other, FlannelTopology.pod(other), FlannelTopology.pod(one), size);
            ping(one, FlannelTopology.pod6(one), FlannelTopology.pod6(other), size);
            ping(other, FlannelTopology.pod6(other), FlannelTopology.pod6(one), size);
        }
    }

    @Test
    void podsOfWeirAndLinuxReachEachOther() {
        pingBothWays(1, 2);
        assertThat(flannel.drops(1)).doesNotContainKeys("unknown-vtep", "no-such-vni", "outer-checksum");
    }

    @Test
    void podsOfTwoWeirNodesReachEachOther() throws Exception {
        startWeir(3);
        pingBothWays(1, 3);
    }

    @Test
    void theFirstAddressOfASubnetIsAHost() {
        ping(2, "10.244.2.0", FlannelTopology.pod(1), 56);
        ping(2, "fd00:244:0:2::", FlannelTopology.pod6(1), 56);
        ping(2, "10.244.2.0", "10.244.1.0", 56);
        ping(1, FlannelTopology.pod(1), "10.244.2.0", 56);
    }

    @Test
    void udpOfEverySizeAroundTheMtuArrives() throws Exception {
        for (final boolean ipv4 : new boolean[] {true, false}) {
            echo(1, 2, ipv4);
            echo(2, 1, ipv4);
        }
    }

    private void echo(int from, int to, boolean ipv4) throws Exception {
        final InetAddress far = InetAddress.ofLiteral(ipv4 ? FlannelTopology.pod(to) : FlannelTopology.pod6(to));
        final InetAddress near = InetAddress.ofLiteral(ipv4 ? FlannelTopology.pod(from) : FlannelTopology.pod6(from));
        try (DatagramSocket server =
                        flannel.podNamespace(to).call(() -> new DatagramSocket(new InetSocketAddress(far, 6000)));
                DatagramSocket client =
                        flannel.podNamespace(from).call(() -> new DatagramSocket(new InetSocketAddress(near, 0)))) {
            server.setSoTimeout(3000);
            final byte[] room = new byte[65535];
            for (int size = 1370; size <= 1460; size++) {
                final byte[] payload = new byte[size];
                new Random(size).nextBytes(payload);
                // the first packet above a path MTU teaches the sender; it may be lost, as on any path
                boolean arrived = false;
                for (int attempt = 0; attempt < 3 && !arrived; attempt++) {
                    server.setSoTimeout(attempt == 2 ? 3000 : 500);
                    arrived = echoOnce(client, server, far, payload, room);
                }
                assertThat(arrived)
                        .as("%d bytes from %s to %s", size, near, far)
                        .isTrue();
            }
        }
    }

    private static boolean echoOnce(
            DatagramSocket client, DatagramSocket server, InetAddress far, byte[] payload, byte[] room) {
        try {
            client.send(new DatagramPacket(payload, payload.length, far, 6000));
            final DatagramPacket packet = new DatagramPacket(room, room.length);
            server.receive(packet);
            assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).isEqualTo(payload);
            return true;
        } catch (final IOException e) {
            return false; // timeout, or the message that the packet was too big
        }
    }

    @Test
    void tcpArrivesWholeInEveryDirection() throws Exception {
        startWeir(3);
        final int[][] ways = {{1, 2}, {2, 1}, {1, 3}};
        for (final int[] way : ways) {
            assertThat(transfer(way[0], way[1], true, 32 << 20, () -> {})).isTrue();
            assertThat(transfer(way[0], way[1], false, 8 << 20, () -> {})).isTrue();
        }
    }

    @Test
    void aTransferSurvivesARestartOfWeir() throws Exception {
        assertThat(transfer(2, 1, true, 48 << 20, () -> {
                    flannel.stopWeir(1);
                    try {
                        flannel.startWeir(1);
                    } catch (final Exception e) {
                        throw new AssertionError(e);
                    }
                }))
                .isTrue();
        assertThat(etcd.subnets()).hasSize(2);
    }

    /** Sends random bytes by TCP, does something in the middle, and compares the hashes. */
    private boolean transfer(int from, int to, boolean ipv4, int bytes, Runnable inTheMiddle) throws Exception {
        final InetAddress far = InetAddress.ofLiteral(ipv4 ? FlannelTopology.pod(to) : FlannelTopology.pod6(to));
        final InetAddress near = InetAddress.ofLiteral(ipv4 ? FlannelTopology.pod(from) : FlannelTopology.pod6(from));
        final NetworkNamespace client = flannel.podNamespace(from);
        try (ServerSocket listener = flannel.podNamespace(to).call(() -> new ServerSocket(5000, 1, far));
                Socket sender = client.call(() -> new Socket(far, 5000, near, 0));
                Socket receiver = listener.accept()) {
            receiver.setSoTimeout(60_000);
            final CompletableFuture<String> sent = CompletableFuture.supplyAsync(() -> send(sender, bytes));
            final MessageDigest digest = MessageDigest.getInstance("SHA-256");
            final InputStream in = receiver.getInputStream();
            final byte[] room = new byte[1 << 16];
            long received = 0;
            boolean middle = false;
            for (int count = in.read(room); count > 0; count = in.read(room)) {
                digest.update(room, 0, count);
                received += count;
                if (!middle && received > bytes / 2) {
                    middle = true;
                    inTheMiddle.run();
                }
            }
            assertThat(received).isEqualTo(bytes);
            return sent.get(30, TimeUnit.SECONDS).equals(HexFormat.of().formatHex(digest.digest()));
        }
    }

    private static String send(Socket socket, int bytes) {
        try (OutputStream out = socket.getOutputStream()) {
            final MessageDigest digest = MessageDigest.getInstance("SHA-256");
            final Random random = new Random(bytes);
            final byte[] chunk = new byte[1 << 16];
            for (int left = bytes; left > 0; left -= chunk.length) {
                random.nextBytes(chunk);
                final int length = Math.min(left, chunk.length);
                digest.update(chunk, 0, length);
                out.write(chunk, 0, length);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aPeerThatChangesItsAddressIsFollowed() throws Exception {
        ping(1, FlannelTopology.pod(1), FlannelTopology.pod(2), 56);
        flannel.moved(IpAddress.parse("192.168.77.22"));
        flannel.net.run(
                "node2",
                "sh",
                "-c",
                "ip address add 192.168.77.22/24 dev up0 && ip link set flannel.1 type vxlan id 1 local 192.168.77.22");
        etcd.putLeased("subnets/10.244.2.0-24&fd00:244:0:2::-64", FlannelTopology.kernelLease("192.168.77.22"), 3600);
        Thread.sleep(500);
        ping(1, FlannelTopology.pod(1), FlannelTopology.pod(2), 56);
        ping(2, FlannelTopology.pod(2), FlannelTopology.pod(1), 56);
    }

    @Test
    void aPeerWhoseLeaseEndsIsForgotten() throws Exception {
        ping(1, FlannelTopology.pod(1), FlannelTopology.pod(2), 56);
        etcd.delete("subnets/10.244.2.0-24&fd00:244:0:2::-64");
        Thread.sleep(500);
        final TopologyNamespaces.Output gone = flannel.net.tryRun(
                "node2", "ping", "-c", "1", "-W", "1", "-I", FlannelTopology.pod(2), FlannelTopology.pod(1));
        assertThat(gone.exitCode()).as(gone.text()).isNotZero();
        assertThat(flannel.drops(1)).containsKey("unknown-vtep");
        etcd.putLeased("subnets/10.244.2.0-24&fd00:244:0:2::-64", FlannelTopology.kernelLease("192.168.77.2"), 3600);
        Thread.sleep(500);
        ping(1, FlannelTopology.pod(1), FlannelTopology.pod(2), 56);
    }

    @Test
    void forwardingGoesOnWithoutEtcd() throws Exception {
        etcd.stop();
        pingBothWays(1, 2);
    }

    @Test
    void directRoutingGoesWithoutATunnelBothWays() throws Exception {
        flannel.stopWeir(1);
        etcd.config(CONFIG.formatted(",\"DirectRouting\":true"));
        flannel.startWeir(1);
        flannel.net.run("node2", "ip", "route", "replace", "10.244.1.0/24", "via", "192.168.77.1");
        flannel.net.run("node2", "ip", "-6", "route", "replace", "fd00:244:0:1::/64", "via", "fd01:77::1");
        final String before = flannel.net.run("node2", "cat", "/sys/class/net/flannel.1/statistics/rx_packets");
        ping(1, FlannelTopology.pod(1), FlannelTopology.pod(2), 1400);
        ping(2, FlannelTopology.pod(2), FlannelTopology.pod(1), 1400);
        ping(1, FlannelTopology.pod6(1), FlannelTopology.pod6(2), 1400);
        assertThat(flannel.net.run("node2", "cat", "/sys/class/net/flannel.1/statistics/rx_packets"))
                .isEqualTo(before);
    }

    /** Outside, the kernel's packets and ours of the same ping differ nowhere but in addresses, port and identification. */
    @Test
    void ourTunnelPacketsAreTheKernelsFieldByField() throws Exception {
        TopologyNamespaces.assumeProgram("tcpdump", "tcpdump");
        TopologyNamespaces.assumeProgram("tshark", "tshark");
        final Path file = folder.resolve("tunnel.pcap");
        final Process capture = flannel.net.start(
                "switch", "tcpdump", "-i", "port1", "-U", "--immediate-mode", "-w", file.toString(), "udp port 8472");
        Thread.sleep(1000);
        ping(1, FlannelTopology.pod(1), FlannelTopology.pod(2), 200);
        ping(1, FlannelTopology.pod6(1), FlannelTopology.pod6(2), 200);
        Thread.sleep(500);
        capture.children().forEach(ProcessHandle::destroy);
        capture.destroy();
        capture.waitFor(5, TimeUnit.SECONDS);

        for (final boolean ipv4 : new boolean[] {true, false}) {
            final List<String> fields = ipv4
                    ? List.of(
                            "ip.version",
                            "ip.hdr_len",
                            "ip.dsfield",
                            "ip.len",
                            "ip.flags",
                            "ip.frag_offset",
                            "ip.ttl",
                            "ip.proto",
                            "udp.dstport",
                            "udp.length",
                            "vxlan.flags",
                            "vxlan.vni",
                            "vxlan.gbp",
                            "vxlan.reserved8",
                            "eth.type")
                    : List.of(
                            "ipv6.version",
                            "ipv6.tclass",
                            "ipv6.plen",
                            "ipv6.nxt",
                            "ipv6.hlim",
                            "udp.dstport",
                            "udp.length",
                            "vxlan.flags",
                            "vxlan.vni",
                            "vxlan.gbp",
                            "vxlan.reserved8",
                            "eth.type");
            final Map<String, String> ours =
                    fields(file, fields, ipv4 ? "ip.src==192.168.77.1" : "ipv6.src==fd01:77::1");
            final Map<String, String> kernels =
                    fields(file, fields, ipv4 ? "ip.src==192.168.77.2" : "ipv6.src==fd01:77::2");
            assertThat(ours).as("ours against Linux").isEqualTo(kernels);
        }
        // Linux leaves checksums to the device that it believes to be there, so only ours can be judged on a veth
        final String sentByWeir = "(ip.src==192.168.77.1 || ipv6.src==fd01:77::1)";
        assertThat(tshark(file, "-Y", sentByWeir + " && (_ws.malformed || _ws.expert.severity >= 6291456)"))
                .as("warnings and errors of tshark")
                .isBlank();
        assertThat(fields(file, List.of("udp.checksum.status"), "ipv6.src==fd01:77::1"))
                .as("1: the outer checksum over IPv6 is right")
                .containsEntry("udp.checksum.status", "1");
    }

    private Map<String, String> fields(Path file, List<String> names, String filter) {
        final java.util.List<String> arguments =
                new java.util.ArrayList<>(List.of("-T", "fields", "-E", "occurrence=f", "-Y", filter));
        names.forEach(name -> arguments.addAll(List.of("-e", name)));
        final String text = tshark(file, arguments.toArray(String[]::new));
        assertThat(text).as(filter).isNotBlank();
        final String[] values = text.lines().findFirst().orElseThrow().split("\t", -1);
        final Map<String, String> byName = new java.util.LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            byName.put(names.get(i), values[i]);
        }
        return byName;
    }

    private String tshark(Path file, String... arguments) {
        final java.util.List<String> command = new java.util.ArrayList<>(List.of(
                "sh",
                "-c",
                "exec tshark \"$@\" 2>/dev/null",
                "tshark",
                "-n",
                "-r",
                file.toString(),
                "-d",
                "udp.port==8472,vxlan",
                "-o",
                "ip.check_checksum:TRUE",
                "-o",
                "udp.check_checksum:TRUE"));
        command.addAll(List.of(arguments));
        return flannel.net.host(command.toArray(String[]::new));
    }
}
