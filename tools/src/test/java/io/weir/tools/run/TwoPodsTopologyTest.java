package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.demo.Transfer;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two pods of a node, by TAP, and the node itself. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoPodsTopologyTest {
    private static final String SERVER_IPV4 = "10.244.1.11";
    private static final String SERVER_IPV6 = "fd00:244:0:1::b";

    NodeRig rig;

    String config() {
        return NodeRig.NODE;
    }

    @BeforeAll
    void start() throws IOException {
        rig = new NodeRig(config()).pod("client", 10).pod("server", 11).start();
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVER_IPV4, SERVER_IPV6, "169.254.1.1", "fe80::1%eth0", "192.168.0.1", "fd00:192::1"})
    void aPodPings(String address) {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        assertThat(rig.net.run("client", "ping", "-c", "3", "-i", "0.1", "-W", "5", address))
                .contains(" 0% packet loss")
                .doesNotContain("DUP");
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVER_IPV4, SERVER_IPV6})
    void theNodePingsAPod(String address) {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        assertThat(rig.net.run("node", "ping", "-c", "3", "-i", "0.1", "-W", "5", address))
                .contains(" 0% packet loss");
    }

    @Test
    void tracerouteShowsTheGateway() {
        TopologyNamespaces.assumeProgram("traceroute", "traceroute");
        assertThat(rig.net.run("client", "traceroute", "-n", "-q", "1", SERVER_IPV4))
                .containsPattern("(?s) 1  169\\.254\\.1\\.1 .* 2  10\\.244\\.1\\.11 ");
        assertThat(rig.net.run("client", "traceroute", "-6", "-n", "-q", "1", SERVER_IPV6))
                .containsPattern("(?s) 1  fe80::1.* 2  fd00:244:0:1::b ");
    }

    /** Asked for, the answer would come while newer packets overtake those that wait for it: Linux sends the two from two threads. */
    @ParameterizedTest
    @ValueSource(strings = {"client", "server", "node"})
    void nobodyHasToAskForTheGateway(String namespace) {
        assertThat(rig.net.run(namespace, "ip", "neighbour", "show", "nud", "permanent"))
                .contains("169.254.1.1 dev ", "fe80::1 dev ", "lladdr ee:ee:ee:ee:ee:ee");
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVER_IPV4, SERVER_IPV6})
    void aFileArrivesWhole(String address) {
        final long bytes = 1L << 30;
        final Transfer transfer =
                Transfer.run(rig.namespace("client"), rig.namespace("server"), IpAddress.parse(address), bytes);
        assertThat(transfer.isWhole(bytes)).as("%s", transfer).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.168.0.1", "fd00:192::1"})
    void aFileReachesTheNode(String address) {
        final long bytes = 50L << 20;
        final Transfer transfer =
                Transfer.run(rig.namespace("client"), rig.namespace("node"), IpAddress.parse(address), bytes);
        assertThat(transfer.isWhole(bytes)).as("%s", transfer).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVER_IPV4, SERVER_IPV6})
    void datagramsOfAllSizesComeBack(String address) throws IOException {
        try (UdpEcho echo = new UdpEcho(rig.namespace("client"), rig.namespace("server"), IpAddress.parse(address))) {
            assertThat(echo.failing(IntStream.rangeClosed(0, 3000))).isEmpty();
            assertThat(echo.failing(IntStream.of(8191, 32_768, 60_000, 65_450, 65_500, 65_506, 65_507)))
                    .isEmpty();
        }
    }

    @Test
    void somebodyElsesAddressIsUnreachable() {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        for (final String address : List.of("10.244.1.77", "fd00:244:0:1::77", "203.0.113.7")) {
            final TopologyNamespaces.Output output = rig.net.tryRun("client", "ping", "-c", "1", "-W", "3", address);
            assertThat(output.exitCode()).isNotZero();
            assertThat(output.text()).containsIgnoringCase("unreachable");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVER_IPV4, SERVER_IPV6})
    void iperfRuns(String address) throws InterruptedException {
        TopologyNamespaces.assumeProgram("iperf3", "iperf3");
        final Process server = rig.net.start("server", "iperf3", "-s", "-1");
        Thread.sleep(300); // until it listens
        assertThat(rig.net.run("client", "iperf3", "-c", address, "-n", "100M", "-P", "2"))
                .contains("iperf Done.");
        assertThat(server.waitFor()).isZero();
    }
}
