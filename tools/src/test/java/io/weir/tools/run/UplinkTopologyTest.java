package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.demo.Transfer;
import java.io.IOException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two hosts by veth and a packet socket of each kind, the second behind a smaller link, and a pod. The kernel of the node would
 * forward, too: it has addresses, routes and forwarding, which weir takes and gives back.
 */
@TopologyTest
@ParameterizedClass
@ValueSource(strings = {"af-packet", "af-xdp"})
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // by start(), for each kind
class UplinkTopologyTest {
    private static final String UPLINKS = """
            ports:
              uplinks:
              - {name: left, device: up0, kind: KIND, addresses: [192.168.7.1/24, "fd00:7::1/64"]}
              - {name: right, device: up1, kind: KIND, mtu: 1300, addresses: [192.168.8.1/24, "fd00:8::1/64"]}
            """;

    @Parameter
    private String kind;

    private NodeRig rig;
    private String before;

    @BeforeParameterizedClassInvocation
    void start() throws IOException {
        rig = new NodeRig(NodeRig.NODE + UPLINKS.replace("KIND", kind)).pod("client", 10);
        host("left", "up0", 7);
        host("right", "up1", 8);
        rig.net.run("right", "ip", "link", "set", "eth0", "mtu", "1300");
        rig.net.run("node", "ip", "link", "set", "up1", "mtu", "1300");
        rig.net.run("node", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        rig.net.run("node", "ip", "route", "add", "198.51.100.0/24", "via", "192.168.7.2");
        before = kernel();
        rig.start();
    }

    private void host(String label, String device, int network) {
        rig.net.namespace(label);
        rig.net.veth("node", device, label, "eth0");
        for (final String family : new String[] {"192.168.%d.%d/24", "fd00:%d::%d/64"}) {
            rig.net.run("node", "ip", "address", "add", family.formatted(network, 1), "dev", device);
            rig.net.run(label, "ip", "address", "add", family.formatted(network, 2), "dev", "eth0");
        }
        rig.net.run(label, "ip", "route", "add", "default", "via", "192.168." + network + ".1");
        rig.net.run(label, "ip", "-6", "route", "add", "default", "via", "fd00:" + network + "::1");
    }

    private String kernel() {
        final StringBuilder text = new StringBuilder();
        for (final String device : new String[] {"up0", "up1"}) {
            text.append(rig.net.run(
                    "node",
                    "sh",
                    "-c",
                    "ip -o address show dev " + device
                            + " scope global | sed 's/.*inet/inet/; s/ nodad//' | sort; ip route show dev " + device
                            + " | sort; ip -6 route show dev " + device
                            + " | grep -v fe80 | sort; sysctl net.ipv4.conf." + device
                            + ".forwarding net.ipv4.conf." + device + ".rp_filter net.ipv6.conf." + device
                            + ".disable_ipv6"));
        }
        return text.toString();
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (rig != null) {
            try {
                rig.stop();
                assertThat(kernel()).isEqualTo(before);
            } finally {
                rig.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "left, 192.168.7.1", "left, fd00:7::1", "left, 192.168.8.2", "left, fd00:8::2",
        "right, 10.244.1.10", "right, fd00:244:0:1::a", "client, 192.168.7.2", "client, fd00:7::2",
        "left, 192.168.0.1", "node, 192.168.7.2", "node, fd00:8::2"
    })
    void pingsOnce(String from, String address) {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        // the kernel must not answer or forward what weir does: a reply would come twice
        assertThat(rig.net.run(from, "ping", "-c", "3", "-i", "0.05", "-W", "5", address))
                .contains(" 0% packet loss")
                .doesNotContain("DUP");
    }

    @ParameterizedTest
    @CsvSource({
        "left, right, 192.168.8.2",
        "left, right, fd00:8::2",
        "client, left, 192.168.7.2",
        "client, right, fd00:8::2"
    })
    void aFileArrivesWhole(String from, String to, String address) {
        final long bytes = 50L << 20;
        final Transfer transfer = Transfer.run(rig.namespace(from), rig.namespace(to), IpAddress.parse(address), bytes);
        assertThat(transfer.isWhole(bytes)).as("%s", transfer).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.168.8.2", "fd00:8::2"})
    void thePathMtuIsFound(String address) throws IOException {
        try (UdpEcho echo = new UdpEcho(rig.namespace("client"), rig.namespace("right"), IpAddress.parse(address))) {
            echo.teachPathMtu(1400);
            assertThat(echo.failing(IntStream.of(1200, 1252, 1272, 1273, 1400, 1472, 5000, 20_000)))
                    .isEmpty();
        }
        assertThat(rig.net.run("client", "ip", "route", "get", address)).contains("mtu 1300");
    }

    @Test
    void everySizeGoesThroughBothLinks() throws IOException {
        try (UdpEcho echo =
                new UdpEcho(rig.namespace("left"), rig.namespace("right"), IpAddress.parse("192.168.8.2"))) {
            echo.teachPathMtu(1400);
            assertThat(echo.failing(IntStream.rangeClosed(0, 3000)
                            .filter(size -> size % 7 == 0 || (size > 1200 && size < 1500))))
                    .isEmpty();
        }
    }
}
