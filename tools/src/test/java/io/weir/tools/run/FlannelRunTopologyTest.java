package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.demo.Transfer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * {@code weir run} as a member of a real flannel network: Linux's own VXLAN device, two processes, and a real etcd. The
 * tests share the network and leave it as they found it; {@code -Dweir.heavy=true} moves a gigabyte.
 */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FlannelRunTopologyTest {
    private static final long BIG = Boolean.getBoolean("weir.heavy") ? 1L << 30 : 100L << 20;

    private FlannelNetwork flannel;
    private boolean hasJoined;

    @BeforeAll
    void start() {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        TopologyNamespaces.assumeProgram("etcd", "etcd-server");
        TopologyNamespaces.assumeProgram("etcdctl", "etcd-client");
        flannel = new FlannelNetwork();
        flannel.startKernel();
        flannel.configure(1, "");
        flannel.configure(3, "");
        flannel.launch(1);
        flannel.launch(3);
    }

    @AfterAll
    void stop() {
        if (flannel != null) {
            flannel.close();
        }
    }

    @Test
    @Order(1)
    void withoutEtcdItSaysSoAndLocalPodsReachEachOther() {
        flannel.awaitOutput(1, "the network can't be joined");
        ping("pod1", "10.244.1.6", 56);
        assertThat(flannel.output(1)).contains("did not answer").contains("trying again");

        flannel.startEtcd();
        flannel.config("");
        flannel.putLeased(FlannelNetwork.KERNEL_KEY, FlannelNetwork.kernelLease("192.168.77.2"));
        for (final int node : new int[] {1, 3}) {
            flannel.awaitOutput(node, "4 ways to other nodes' pods");
            flannel.tellKernel(node);
        }
        assertThat(flannel.output(1)).contains("joined with the subnet 10.244.1.0-24&fd00:244:0:1::-64");
        hasJoined = true;
    }

    /** Nothing more can be learnt where the first test has failed. */
    @BeforeEach
    void isReady(TestInfo test) {
        Assumptions.assumeTrue(hasJoined || test.getDisplayName().startsWith("withoutEtcd"));
    }

    /** At least one of four comes back: each direction's first big packet may only teach its sender the path's MTU. */
    private void ping(String from, String to, int size) {
        flannel.net.run(from, "ping", "-q", "-c", "4", "-i", "0.02", "-W", "3", "-s", "" + size, to);
    }

    private void pingBothWays(int one, int other) {
        for (final int size : new int[] {56, 1402, 1422, 1423, 3000}) {
            ping("pod" + one, FlannelNetwork.pod(other), size);
            ping("pod" + other, FlannelNetwork.pod(one), size);
            ping("pod" + one, FlannelNetwork.pod6(other), size);
            ping("pod" + other, FlannelNetwork.pod6(one), size);
        }
    }

    @Test
    @Order(2)
    void podsReachEachOther() {
        pingBothWays(1, 2);
        pingBothWays(1, 3);
    }

    @Test
    @Order(3)
    void nodesSpeakFromTheFirstAddressOfTheirSubnet() {
        ping("node1", FlannelNetwork.pod(2), 56);
        ping("node1", FlannelNetwork.pod6(3), 56);
        ping("node2", FlannelNetwork.pod(1), 56);
        ping("pod2", "10.244.1.0", 56);
        ping("pod1", "10.244.2.0", 56);
        assertThat(flannel.net.run("node1", "ip", "route", "get", FlannelNetwork.pod(2)))
                .contains("src 10.244.1.0");
        assertThat(flannel.net.run("node1", "ip", "-6", "route", "get", FlannelNetwork.pod6(2)))
                .contains("src fd00:244:0:1:: ");
    }

    @Test
    @Order(4)
    void udpOfEverySizeAroundTheMtuArrives() throws IOException {
        final int[][] ways = {{1, 2}, {2, 1}, {1, 3}};
        for (final int[] way : ways) {
            for (final String to : List.of(FlannelNetwork.pod(way[1]), FlannelNetwork.pod6(way[1]))) {
                try (UdpEcho echo = new UdpEcho(
                        flannel.namespace("pod" + way[0]), flannel.namespace("pod" + way[1]), IpAddress.parse(to))) {
                    echo.teachPathMtu(1440);
                    assertThat(echo.failing(IntStream.rangeClosed(1370, 1460)))
                            .as("from node %d to %s", way[0], to)
                            .isEmpty();
                }
            }
        }
    }

    @Test
    @Order(5)
    void tcpArrivesWholeInEveryDirection() {
        whole("pod2", "pod1", FlannelNetwork.pod(1), BIG);
        whole("pod1", "pod2", FlannelNetwork.pod(2), BIG);
        whole("pod1", "pod3", FlannelNetwork.pod(3), BIG);
        whole("pod1", "pod2", FlannelNetwork.pod6(2), BIG / 5);
        whole("pod3", "pod1", FlannelNetwork.pod6(1), BIG / 5);
    }

    private void whole(String from, String to, String address, long bytes) {
        final Transfer transfer =
                Transfer.run(flannel.namespace(from), flannel.namespace(to), IpAddress.parse(address), bytes);
        System.out.printf("%s to %s %s: %.2f Gbit/s%n", from, to, address, transfer.gigabitsPerSecond());
        assertThat(transfer.isWhole(bytes)).as("%s", transfer).isTrue();
    }

    @Test
    @Order(6)
    void tunnelsAreShownWithWhatTheyCarried() throws IOException {
        final String text = flannel.weir(1, "tunnels");
        assertThat(text)
                .contains("joined with the subnet 10.244.1.0-24&fd00:244:0:1::-64")
                .contains("flannel.1: VNI 1, UDP port 8472, this end 192.168.77.1")
                .contains("10.244.2.0/24")
                .contains(FlannelNetwork.KERNEL_MAC);
        final ObjectMapper json = new ObjectMapper();
        long carried = 0;
        for (final String line : flannel.weir(1, "tunnels", "--json").lines().toList()) {
            final JsonNode end = json.readTree(line);
            if (end.has("network")) {
                assertThat(end.path("way").asText()).isEqualTo("tunnel");
                assertThat(end.path("hop").asText()).hasSize(17);
                assertThat(end.path("sentPackets").asLong()).isPositive();
                assertThat(end.path("receivedPackets").asLong()).isPositive();
                carried += end.path("receivedBytes").asLong()
                        + end.path("sentBytes").asLong();
            }
        }
        assertThat(carried).as("bytes of the transfers before").isGreaterThan(3 * BIG);
    }

    /** A segment of 64 KiB crosses the link between two weirs as one packet or two, and its pod gets it whole. */
    @Test
    @Order(6)
    void tunnelPacketsOfASegmentTravelTogether() throws IOException {
        final ObjectMapper json = new ObjectMapper();
        for (final String line : flannel.weir(3, "tunnels", "--json").lines().toList()) {
            final JsonNode end = json.readTree(line);
            if (end.path("subnet").asText().equals("10.244.1.0/24")) {
                assertThat(end.path("receivedBytes").asLong()
                                / end.path("receivedPackets").asLong())
                        .as("bytes of a packet that came from node 1")
                        .isGreaterThan(10_000);
                return;
            }
        }
        throw new AssertionError("node 3 shows no tunnel to node 1");
    }

    @Test
    @Order(6)
    void podsHaveTheMtuOfTheirLease() {
        for (final String pod : List.of("pod1", "pod3")) {
            assertThat(flannel.net.run(pod, "cat", "/sys/class/net/eth0/mtu").trim())
                    .isEqualTo("1450");
        }
    }

    @Test
    @Order(7)
    void aTransferSurvivesAKillAndARestart() throws Exception {
        survivesARestart(true);
    }

    @Test
    @Order(8)
    void aTransferSurvivesAnOrderlyRestart() throws Exception {
        survivesARestart(false);
    }

    private void survivesARestart(boolean kill) throws Exception {
        try (SlowTransfer transfer = SlowTransfer.start(
                flannel.namespace("pod2"), flannel.namespace("pod1"), IpAddress.parse(FlannelNetwork.pod(1)), BIG)) {
            FlannelNetwork.await("the first bytes", () -> transfer.received() > 1 << 20);
            flannel.stop(1, kill);
            final long before = transfer.received();
            flannel.start(1);
            assertThat(before).as("the transfer was in its middle").isLessThan(BIG);
            assertThat(transfer.isWhole(120, TimeUnit.SECONDS)).isTrue();
        }
        flannel.awaitOutput(1, "keeping subnet 10.244.1.0-24");
    }

    /** Starts node 1 and waits until it has asked the registry: it begins with the ways that it knew before. */
    private void startAndJoin() {
        flannel.start(1);
        FlannelNetwork.await("what the registry says now", () -> {
            final String output = flannel.output(1);
            final int joined = output.indexOf("keeping subnet");
            return joined >= 0 && output.indexOf("ways to other nodes' pods", joined) >= 0;
        });
    }

    @Test
    @Order(8)
    void aPeerThatChangesItsAddressIsFollowed() {
        flannel.net.run(
                "node2",
                "sh",
                "-ec",
                "ip address add 192.168.77.22/24 dev up0; ip link set flannel.1 type vxlan id 1 local 192.168.77.22");
        final int before = changes(1);
        flannel.putLeased(FlannelNetwork.KERNEL_KEY, FlannelNetwork.kernelLease("192.168.77.22"));
        FlannelNetwork.await("the change", () -> changes(1) > before);
        ping("pod1", FlannelNetwork.pod(2), 56);
        ping("pod2", FlannelNetwork.pod(1), 56);
        flannel.net.run(
                "node2",
                "sh",
                "-ec",
                "ip link set flannel.1 type vxlan id 1 local 192.168.77.2; ip address del 192.168.77.22/24 dev up0");
        flannel.putLeased(FlannelNetwork.KERNEL_KEY, FlannelNetwork.kernelLease("192.168.77.2"));
        FlannelNetwork.await("the change back", () -> changes(1) > before + 1);
        ping("pod1", FlannelNetwork.pod(2), 56);
    }

    /** How many plans weir has followed. */
    private int changes(int node) {
        return flannel.output(node).split("ways to other nodes' pods", -1).length;
    }

    @Test
    @Order(9)
    void forwardingGoesOnWithoutEtcd() {
        flannel.stopEtcd();
        ping("pod1", FlannelNetwork.pod(2), 56);
        ping("pod3", FlannelNetwork.pod6(1), 1000);
        flannel.stop(1, true);
        flannel.start(1);
        FlannelNetwork.await("the ways of before", () -> changes(1) > 2);
        ping("pod1", FlannelNetwork.pod(2), 56);
        ping("pod3", FlannelNetwork.pod6(1), 1000);
        flannel.startEtcd();
    }

    @Test
    @Order(10)
    void theOwnLeaseIsTakenAgainAndItsLossIsLoud() {
        final String key = FlannelNetwork.PREFIX + "subnets/10.244.3.0-24&fd00:244:0:3::-64";
        flannel.etcdctl("del", key);
        flannel.awaitOutput(3, "took it again");
        assertThat(flannel.etcdctl("get", key)).contains("192.168.77.3");

        flannel.etcdctl(
                "put",
                key,
                FlannelNetwork.lease("192.168.77.9", "fd01:77::9", "02:00:00:00:00:09", "02:00:00:00:06:09"));
        flannel.awaitOutput(3, "was taken by the node 192.168.77.9");
        assertThat(flannel.output(3)).contains("ERROR").contains("drain this node");
        flannel.etcdctl("del", key);
        FlannelNetwork.await(
                "the lease is back", () -> flannel.etcdctl("get", key).contains("192.168.77.3"));
        ping("pod3", FlannelNetwork.pod(2), 56);
    }

    @Test
    @Order(11)
    void directRoutingGoesWithoutATunnelBothWaysAndIsLeftAgain() throws IOException {
        flannel.stop(1, false);
        flannel.config(",\"DirectRouting\":true");
        startAndJoin();
        flannel.net.run("node2", "ip", "route", "replace", "10.244.1.0/24", "via", "192.168.77.1");
        flannel.net.run("node2", "ip", "-6", "route", "replace", "fd00:244:0:1::/64", "via", "fd01:77::1");
        final String before = tunnelPackets();
        ping("pod1", FlannelNetwork.pod(2), 1472);
        ping("pod2", FlannelNetwork.pod(1), 1400);
        ping("pod1", FlannelNetwork.pod6(2), 1400);
        assertThat(tunnelPackets()).isEqualTo(before);

        flannel.net.run("node2", "ip", "route", "delete", "10.244.1.0/24");
        flannel.net.run("node2", "ip", "-6", "route", "delete", "fd00:244:0:1::/64");
        // what the kernel node still sends by tunnel is taken as well: its DirectRouting is its own setting
        flannel.tellKernel(1);
        ping("pod2", FlannelNetwork.pod(1), 1400);

        flannel.stop(1, false);
        flannel.config("");
        startAndJoin();
        pingBothWays(1, 2);
        assertThat(tunnelPackets()).isNotEqualTo(before);
        assertThat(Files.readString(flannel.folder(1).resolve("subnet.env")))
                .contains("FLANNEL_SUBNET=10.244.1.1/24")
                .contains("FLANNEL_MTU=1450");
    }

    private String tunnelPackets() {
        return flannel.net
                .run("node2", "cat", "/sys/class/net/flannel.1/statistics/rx_packets")
                .trim();
    }

    /** Outside, the kernel's packets and ours of the same ping differ nowhere but in addresses, port and identification. */
    @Test
    @Order(4)
    void ourTunnelPacketsAreTheKernelsFieldByField() throws Exception {
        TopologyNamespaces.assumeProgram("tcpdump", "tcpdump");
        TopologyNamespaces.assumeProgram("tshark", "tshark");
        try (TunnelCapture capture = TunnelCapture.start(flannel, "to-node1")) {
            ping("pod1", FlannelNetwork.pod(2), 200);
            ping("pod1", FlannelNetwork.pod6(2), 200);
            capture.stop();
            for (final boolean ipv4 : new boolean[] {true, false}) {
                assertThat(capture.fields(ipv4, 1)).as("ours against Linux").isEqualTo(capture.fields(ipv4, 2));
            }
            // Linux leaves checksums to the device that it believes to be there, so only ours can be judged on a veth
            final String sentByWeir = "(ip.src==192.168.77.1 || ipv6.src==fd01:77::1)";
            assertThat(capture.tshark("-Y", sentByWeir + " && (_ws.malformed || _ws.expert.severity >= 6291456)"))
                    .as("warnings and errors of tshark")
                    .isBlank();
            assertThat(capture.tshark(
                            "-T",
                            "fields",
                            "-e",
                            "udp.checksum.status",
                            "-E",
                            "occurrence=f",
                            "-Y",
                            "ipv6.src==fd01:77::1"))
                    .as("1: the outer checksum over IPv6 is right")
                    .matches("(1\\s+)+");
        }
    }

    @Test
    @Order(12)
    void whatOthersThanPodsSendHidesBehindTheSubnetsFirstAddress() throws Exception {
        // a host beside the nodes reaches a Service's NodePort at node 1, whose only backend is on node 2
        flannel.write(flannel.folder(1).resolve("config/service.yaml"), """
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: default}
                spec: {type: NodePort, clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10], ipFamilies: [IPv4],
                  ports: [{port: 80, nodePort: 30080, targetPort: 8080, protocol: TCP}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
                addressType: IPv4
                endpoints: [{addresses: [10.244.2.5], conditions: {ready: true}, nodeName: node-2}]
                ports: [{port: 8080, protocol: TCP, name: ""}]
                """);
        flannel.awaitOutput(1, "configuration applied");
        final CompletableFuture<String> client = new CompletableFuture<>();
        final IpAddress backend = IpAddress.parse(FlannelNetwork.pod(2));
        try (java.net.ServerSocket server =
                flannel.namespace("pod2").call(() -> new java.net.ServerSocket(8080, 1, backend.toInetAddress()))) {
            Thread.ofPlatform().daemon().start(() -> {
                try (java.net.Socket accepted = server.accept()) {
                    client.complete(accepted.getInetAddress().getHostAddress());
                } catch (final IOException e) {
                    client.completeExceptionally(e);
                }
            });
            flannel.namespace("etcd").call(() -> {
                try (java.net.Socket socket = new java.net.Socket()) {
                    socket.connect(
                            new java.net.InetSocketAddress(
                                    IpAddress.parse("192.168.77.1").toInetAddress(), 30080),
                            10_000);
                    return socket.getInputStream().read();
                }
            });
            assertThat(client.get(10, TimeUnit.SECONDS)).isEqualTo("10.244.1.0");
        }
    }
}
