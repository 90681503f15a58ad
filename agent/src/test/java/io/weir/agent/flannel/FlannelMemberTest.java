package io.weir.agent.flannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.agent.config.FlannelConfig;
import io.weir.agent.config.InterfaceAddress;
import io.weir.agent.config.NodeConfig;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node joins, leaves and comes back, with a real etcd and a peer's lease written as flanneld writes it. */
@Timeout(60)
class FlannelMemberTest {
    private static final String PEER = "{\"PublicIP\":\"192.168.0.2\",\"PublicIPv6\":null,\"BackendType\":\"vxlan\","
            + "\"BackendData\":{\"VNI\":1,\"VtepMAC\":\"c6:bf:7f:00:00:02\"}}";

    @TempDir
    Path folder;

    private EtcdServer server;

    @BeforeEach
    void startEtcd() throws Exception {
        server = EtcdServer.start(folder);
        server.config("{\"Network\":\"10.244.0.0/16\",\"Backend\":{\"Type\":\"vxlan\"}}");
        server.putLeased("subnets/10.244.2.0-24", PEER, 3600);
    }

    @AfterEach
    void stopEtcd() {
        if (server != null) {
            server.close();
        }
    }

    private FlannelConfig config() {
        return NodeConfig.of(
                        "flannel.enabled=true",
                        "flannel.registry=etcd",
                        "flannel.etcd.endpoints=" + server.endpoint(),
                        "flannel.subnetFile=" + folder.resolve("run/subnet.env"),
                        "flannel.vtepMacFile=" + folder.resolve("state/vtep-mac"))
                .flannel();
    }

    private FlannelMember.Surroundings surroundings(String address) {
        return new FlannelMember.Surroundings(
                "node-1",
                List.of(IpAddress.parse(address)),
                new Underlay(List.of(InterfaceAddress.parse(address + "/24")), 1500),
                () -> {
                    throw new AssertionError("no Kubernetes with etcd");
                },
                folder.resolve("flannel-leases"));
    }

    private FlannelMember join(String address, long seed, List<FlannelPlan> plans) throws Exception {
        return FlannelMember.join(config(), surroundings(address), new Random(seed), plans::add, message -> {
            throw new AssertionError(message);
        });
    }

    @Test
    void aNodeJoinsAndComesBackAsTheSame() throws Exception {
        final List<FlannelPlan> plans = new CopyOnWriteArrayList<>();
        final SubnetLease first;
        try (FlannelMember member = join("192.168.0.1", 1, plans)) {
            first = member.lease();
            assertThat(plans).hasSize(1);
            assertThat(plans.getFirst().routes())
                    .extracting(FlannelRoute::prefix)
                    .containsExactly(IpPrefix.parse("10.244.2.0/24"));
            assertThat(plans.getFirst().vxlan().networks().getFirst().localMac())
                    .isEqualTo(VtepData.parse(String.valueOf(first.attributes().backendData()))
                            .mac());
        }
        assertThat(Files.readString(folder.resolve("run/subnet.env")))
                .contains("FLANNEL_NETWORK=10.244.0.0/16", "FLANNEL_MTU=1450", "FLANNEL_IPMASQ=true");
        assertThat(server.subnets()).as("closing keeps the lease").hasSize(2);

        try (FlannelMember again = join("192.168.0.1", 2, plans)) {
            assertThat(again.lease()).as("subnet and VTEP MAC").isEqualTo(first);
        }
        assertThat(plans.get(1)).isEqualTo(plans.get(0));

        Files.delete(folder.resolve("state/vtep-mac"));
        try (FlannelMember reinstalled = join("192.168.0.1", 3, plans)) {
            assertThat(reinstalled.lease())
                    .as("the MAC is what the others know")
                    .isEqualTo(first);
        }
    }

    @Test
    void whileTheRegistryIsAwayTheWaysAreThoseOfTheLastTime() throws Exception {
        final List<FlannelPlan> plans = new CopyOnWriteArrayList<>();
        assertThat(FlannelMember.kept(config(), surroundings("192.168.0.1"))).isNull();
        try (FlannelMember _ = join("192.168.0.1", 1, plans)) {
            assertThat(plans).hasSize(1);
        }
        assertThat(FlannelMember.kept(config(), surroundings("192.168.0.1"))).isEqualTo(plans.getFirst());
        assertThat(FlannelMember.kept(config(), surroundings("192.168.0.7")))
                .as("another node's")
                .isNull();
        Files.writeString(folder.resolve("flannel-leases"), "weir-flannel-leases 1 2 00000000\n{}");
        assertThat(FlannelMember.kept(config(), surroundings("192.168.0.1")))
                .as("damaged")
                .isNull();
    }

    @Test
    void aNodeWithoutAnAddressIsToldWhatToDo() {
        assertThatThrownBy(() -> join("fd00::1", 1, new CopyOnWriteArrayList<>()))
                .isInstanceOf(FlannelException.class)
                .hasMessageContaining("set flannel.publicIp");
    }
}
