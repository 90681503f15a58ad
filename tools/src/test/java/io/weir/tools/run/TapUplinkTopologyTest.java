package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.demo.Transfer;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** An uplink that is a TAP: weir makes the interface, somebody else puts it where the neighbour is. */
@TopologyTest
class TapUplinkTopologyTest {
    private static final String UPLINK = """
            ports:
              uplinks:
              - {name: wire, device: wire0, kind: tap, addresses: [192.168.9.1/24, "fd00:9::1/64"]}
            """;

    @Test
    void aPodAndItsNeighbourTalk() throws IOException {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        try (NodeRig rig = new NodeRig(NodeRig.NODE + UPLINK).pod("client", 10)) {
            rig.net.namespace("peer");
            rig.start();
            rig.net.run("node", "ip", "link", "set", "wire0", "netns", rig.net.name("peer"));
            rig.net.run(
                    "peer",
                    "sh",
                    "-c",
                    "ip link set wire0 up; ip address add 192.168.9.2/24 dev wire0; ip address add fd00:9::2/64 dev"
                            + " wire0; ip route add default via 192.168.9.1; ip -6 route add default via fd00:9::1");
            for (final String address : new String[] {"192.168.9.2", "fd00:9::2"}) {
                assertThat(rig.net.run("client", "ping", "-c", "3", "-i", "0.1", "-W", "5", address))
                        .contains(" 0% packet loss");
            }
            final long bytes = 50L << 20;
            for (final String address : new String[] {"10.244.1.10", "fd00:244:0:1::a"}) {
                final Transfer transfer =
                        Transfer.run(rig.namespace("peer"), rig.namespace("client"), IpAddress.parse(address), bytes);
                assertThat(transfer.isWhole(bytes)).as("%s", transfer).isTrue();
            }
            rig.stop();
            assertThat(rig.net.run("peer", "ip", "-brief", "link")).doesNotContain("wire0");
        }
    }
}
