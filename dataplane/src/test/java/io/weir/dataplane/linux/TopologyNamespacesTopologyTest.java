package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

@TopologyTest
class TopologyNamespacesTopologyTest {
    @Test
    void namespacesJoinedByVethReachEachOtherAndAreGoneAfterwards() {
        String name;
        Process server;
        try (TopologyNamespaces net = TopologyNamespaces.create()) {
            name = net.namespace("left");
            net.namespace("right");
            net.veth("left", "eth0", "right", "eth1");
            net.run("left", "ip", "address", "add", "fd00::1/64", "dev", "eth0");
            net.run("right", "ip", "address", "add", "fd00::2/64", "dev", "eth1");
            assertThat(net.run("left", "ip", "-6", "route", "get", "fd00::2")).contains("dev eth0");
            assertThat(net.path("left")).exists();
            assertThat(net.tryRun("left", "ip", "link", "show", "eth1").exitCode())
                    .isNotZero();
            assertThatThrownBy(() -> net.run("left", "ip", "link", "show", "nosuch"))
                    .hasMessageContaining("nosuch");
            server = net.start("right", "sleep", "1000");
            assertThat(server.isAlive()).isTrue();
        }
        assertThat(java.nio.file.Path.of("/run/netns", name)).doesNotExist();
        assertThat(server.isAlive()).isFalse();
    }

    @Test
    void nothingIsLeftAfterAFailure() {
        String[] name = new String[1];
        assertThatThrownBy(() -> {
                    try (TopologyNamespaces net = TopologyNamespaces.create()) {
                        name[0] = net.namespace("only");
                        throw new IllegalStateException("the test failed");
                    }
                })
                .hasMessage("the test failed");
        assertThat(java.nio.file.Path.of("/run/netns", name[0])).doesNotExist();
    }
}
