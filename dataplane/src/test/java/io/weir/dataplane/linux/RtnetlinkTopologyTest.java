package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is set by rtnetlink is judged by {@code ip}, and what {@code ip} set is listed. */
@TopologyTest
class RtnetlinkTopologyTest {
    private final TopologyNamespaces net = TopologyNamespaces.create();
    private NetworkNamespace left;
    private NetworkNamespace right;
    private Rtnetlink rtnetlink;

    @BeforeEach
    void open() {
        left = NetworkNamespace.named(net.namespace("left"));
        right = NetworkNamespace.named(net.namespace("right"));
        rtnetlink = Rtnetlink.open(left);
    }

    @AfterEach
    void close() {
        rtnetlink.close();
        left.close();
        right.close();
        net.close();
    }

    @Test
    void interfacesAreMadeChangedAndDeleted() {
        KernelLinks links = rtnetlink.links();
        links.createVeth("eth0", "eth1", right);
        links.mtu("eth0", 1400);
        links.mac("eth0", MacAddress.parse("02:00:00:00:00:07"));
        links.transmitQueueLength("eth0", 777);
        links.up("eth0");
        assertThat(net.run("left", "ip", "link", "show", "eth0"))
                .contains("mtu 1400", "02:00:00:00:00:07", ",UP", "qlen 777");
        assertThat(net.run("right", "ip", "-d", "link", "show", "eth1")).contains("veth");

        KernelLink link = links.find("eth0").orElseThrow();
        assertThat(link.name()).isEqualTo("eth0");
        assertThat(link.kind()).isEqualTo("veth");
        assertThat(link.mtu()).isEqualTo(1400);
        assertThat(link.mac()).isEqualTo(MacAddress.parse("02:00:00:00:00:07"));
        assertThat(link.transmitQueueLength()).isEqualTo(777);
        assertThat(link.isUp()).isTrue();
        assertThat(link.hasCarrier()).isFalse();
        assertThat(links.list()).extracting(KernelLink::name).containsExactlyInAnyOrder("lo", "eth0");
        assertThat(links.find("nosuch")).isEmpty();

        links.down("eth0");
        links.rename("eth0", "up0");
        assertThat(net.run("left", "ip", "link", "show", "up0")).doesNotContain(",UP");
        links.delete("up0");
        assertThat(net.tryRun("left", "ip", "link", "show", "up0").exitCode()).isNotZero();
        assertThat(net.tryRun("right", "ip", "link", "show", "eth1").exitCode()).isNotZero();
    }

    @Test
    void bridgesAndVxlansAreMade() {
        KernelLinks links = rtnetlink.links();
        links.createBridge("br0");
        links.createVeth("a0", "b0", null);
        links.master("a0", "br0");
        assertThat(net.run("left", "ip", "-d", "link", "show", "a0")).contains("master br0");
        assertThat(links.find("a0").orElseThrow().master()).isEqualTo(links.index("br0"));
        links.master("a0", null);
        assertThat(net.run("left", "ip", "-d", "link", "show", "a0")).doesNotContain("master br0");

        rtnetlink.addresses().add("a0", IpAddress.parse("192.0.2.1"), 24);
        links.createVxlan("vx0", 4242, 4789, IpAddress.parse("192.0.2.1"), "a0");
        assertThat(net.run("left", "ip", "-d", "link", "show", "vx0"))
                .contains("vxlan id 4242", "local 192.0.2.1", "dev a0", "dstport 4789", "nolearning");
        rtnetlink
                .neighbours()
                .addForwarding("vx0", MacAddress.parse("02:00:00:00:00:09"), IpAddress.parse("192.0.2.9"));
        assertThat(net.run("left", "bridge", "fdb", "show", "dev", "vx0"))
                .contains("02:00:00:00:00:09 dst 192.0.2.9 self permanent");
    }

    @Test
    void anInterfaceMovesUnderAnotherName() {
        KernelLinks links = rtnetlink.links();
        links.createVeth("a0", "b0", null);
        links.move("b0", right, "eth5");
        assertThat(links.find("b0")).isEmpty();
        assertThat(net.run("right", "ip", "link", "show", "eth5")).contains("eth5");
    }

    @Test
    void anInterfaceCanDoWithoutAnAddressOfItsOwn() {
        KernelLinks links = rtnetlink.links();
        links.createVeth("a0", "b0", null);
        links.withoutGeneratedAddress("a0");
        links.up("a0");
        links.up("b0");
        assertThat(net.run("left", "ip", "-6", "address", "show", "dev", "a0")).doesNotContain("inet6");
        assertThat(net.run("left", "ip", "-6", "address", "show", "dev", "b0")).contains("inet6 fe80");
    }

    @Test
    void addressesOfBothFamiliesAreAddedListedAndDeleted() {
        KernelLinks links = rtnetlink.links();
        KernelAddresses addresses = rtnetlink.addresses();
        links.createVeth("a0", "b0", null);
        links.up("a0");
        links.up("b0");
        net.run("left", "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/a0/accept_dad");
        addresses.add("a0", IpAddress.parse("10.1.2.3"), 32);
        addresses.add("a0", IpAddress.parse("fd00::3"), 128);
        addresses.add("a0", IpAddress.parse("fd00::3"), 128);
        assertThat(net.run("left", "ip", "address", "show", "dev", "a0"))
                .contains("inet 10.1.2.3/32 scope global", "inet6 fd00::3/128 scope global nodad")
                .doesNotContain("fd00::3/128 scope global tentative");
        int index = links.index("a0");
        assertThat(addresses.list())
                .contains(
                        new KernelAddress(index, IpAddress.parse("10.1.2.3"), 32, false),
                        new KernelAddress(index, IpAddress.parse("fd00::3"), 128, false),
                        new KernelAddress(links.index("lo"), IpAddress.parse("127.0.0.1"), 8, false));
        addresses.delete("a0", IpAddress.parse("10.1.2.3"), 32);
        addresses.delete("a0", IpAddress.parse("fd00::3"), 128);
        assertThat(net.run("left", "ip", "address", "show", "dev", "a0")).doesNotContain("10.1.2.3", "fd00::3");
        assertThatThrownBy(() -> addresses.delete("a0", IpAddress.parse("10.1.2.3"), 32))
                .isInstanceOf(LinuxException.class)
                .hasMessageStartingWith("deleting address 10.1.2.3/32 from interface a0: ")
                .hasMessageContaining("EADDRNOTAVAIL");
    }

    @Test
    void routesOfBothFamiliesAreSetListedAndDeleted() {
        rtnetlink.links().createVeth("a0", "b0", null);
        rtnetlink.links().up("a0");
        rtnetlink.links().up("b0");
        rtnetlink.addresses().add("a0", IpAddress.parse("10.1.0.1"), 32);
        int index = rtnetlink.links().index("a0");
        KernelRoutes routes = rtnetlink.routes();
        KernelRoute gateway = KernelRoute.to(IpPrefix.parse("169.254.1.1"), index);
        KernelRoute any = KernelRoute.to(IpPrefix.parse("0.0.0.0/0"), index).via(IpAddress.parse("169.254.1.1"));
        KernelRoute any6 = KernelRoute.to(IpPrefix.parse("::/0"), index)
                .via(IpAddress.parse("fe80::1"))
                .metric(1024);
        KernelRoute far = KernelRoute.to(IpPrefix.parse("10.2.0.0/16"), index)
                .viaOnlink(IpAddress.parse("192.0.2.7"))
                .from(IpAddress.parse("10.1.0.1"))
                .table(1000)
                .metric(5)
                .mtu(1400);
        KernelRoute mixed = KernelRoute.to(IpPrefix.parse("10.3.0.0/16"), index).via(IpAddress.parse("fe80::1"));
        List<KernelRoute> all = List.of(gateway, any, any6, far, mixed);
        all.forEach(routes::add);
        assertThat(net.run("left", "ip", "route", "show", "table", "all"))
                .contains("default via 169.254.1.1 dev a0 proto 87")
                .contains("169.254.1.1 dev a0 proto 87 scope link")
                .contains("10.2.0.0/16 via 192.0.2.7 dev a0 table 1000 proto 87 src 10.1.0.1 metric 5 onlink mtu 1400")
                .contains("10.3.0.0/16 via inet6 fe80::1 dev a0 proto 87");
        assertThat(net.run("left", "ip", "-6", "route", "show")).contains("default via fe80::1 dev a0 proto 87");
        assertThat(routes.list()).containsAll(all);

        assertThatThrownBy(() -> routes.add(gateway))
                .isInstanceOf(LinuxException.class)
                .hasMessage("adding the route to 169.254.1.1/32: exists already (EEXIST)");
        routes.replace(any.mtu(1300));
        assertThat(net.run("left", "ip", "route", "show")).contains("default via 169.254.1.1 dev a0 proto 87 mtu 1300");
        assertThat(routes.list()).contains(any.mtu(1300)).doesNotContain(any);

        List.of(any.mtu(1300), any6, far, mixed, gateway).forEach(routes::delete);
        assertThat(routes.list()).noneMatch(route -> route.protocol() == KernelRoute.WEIR);
        assertThatThrownBy(() -> routes.delete(gateway)).isInstanceOf(LinuxException.class);
        assertThatThrownBy(() -> routes.add(
                        KernelRoute.to(IpPrefix.parse("10.9.0.0/16"), index).via(IpAddress.parse("203.0.113.1"))))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("Nexthop has invalid gateway");
    }

    @Test
    void neighboursOfBothFamiliesAreSetListedAndForgotten() {
        rtnetlink.links().createVeth("a0", "b0", null);
        rtnetlink.links().up("a0");
        rtnetlink.links().up("b0");
        MacAddress mac = MacAddress.parse("02:00:00:00:00:0a");
        KernelNeighbours neighbours = rtnetlink.neighbours();
        int index = rtnetlink.links().index("a0");
        for (String text : new String[] {"169.254.1.1", "fe80::1"}) {
            IpAddress address = IpAddress.parse(text);
            neighbours.add("a0", address, mac);
            assertThat(net.run("left", "ip", "neighbour", "show", "dev", "a0"))
                    .contains(text + " lladdr 02:00:00:00:00:0a PERMANENT");
            assertThat(neighbours.list()).anySatisfy(neighbour -> {
                assertThat(neighbour.interfaceIndex()).isEqualTo(index);
                assertThat(neighbour.address()).isEqualTo(address);
                assertThat(neighbour.mac()).isEqualTo(mac);
                assertThat(neighbour.isPermanent()).isTrue();
                assertThat(neighbour.isResolved()).isTrue();
            });
            neighbours.delete("a0", address);
            assertThat(net.run("left", "ip", "neighbour", "show", "dev", "a0", "nud", "permanent"))
                    .doesNotContain(text + " lladdr");
        }
    }

    @Test
    void aListThatNeedsManyMessagesIsComplete() {
        StringBuilder batch = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            batch.append("route add 10.")
                    .append(i / 250)
                    .append('.')
                    .append(i % 250)
                    .append(".0/24 dev lo\n");
        }
        net.run("left", "sh", "-c", "ip -batch - <<'END'\n" + batch + "END");
        assertThat(rtnetlink.routes().list())
                .filteredOn(route -> route.protocol() == 3)
                .hasSize(3000);
    }

    @Test
    void changesAreHeardOf() {
        List<String> events = new ArrayList<>();
        RtnetlinkMonitor.Listener listener = new RtnetlinkMonitor.Listener() {
            @Override
            public void onLink(KernelLink link) {
                events.add("link " + link.name() + " up=" + link.isUp());
            }

            @Override
            public void onLinkGone(KernelLink link) {
                events.add("gone " + link.name());
            }

            @Override
            public void onNeighbour(KernelNeighbour neighbour) {
                events.add("neighbour " + neighbour.address() + " " + neighbour.mac());
            }

            @Override
            public void onNeighbourGone(KernelNeighbour neighbour) {
                events.add("forgotten " + neighbour.address());
            }

            @Override
            public void onLost() {
                events.add("lost");
            }
        };
        try (RtnetlinkMonitor monitor = RtnetlinkMonitor.open(left)) {
            monitor.poll(listener);
            assertThat(events).isEmpty();
            assertThat(monitor.await(0)).isFalse();
            net.run("left", "ip", "link", "add", "a0", "type", "veth", "peer", "name", "b0");
            net.run("left", "ip", "link", "set", "a0", "up");
            net.run("left", "ip", "neighbour", "add", "10.0.0.9", "lladdr", "02:00:00:00:00:09", "dev", "a0");
            net.run("left", "ip", "neighbour", "delete", "10.0.0.9", "dev", "a0");
            net.run("left", "ip", "link", "delete", "a0");
            assertThat(monitor.await(1000)).isTrue();
            monitor.poll(listener);
            assertThat(events)
                    .containsSubsequence(
                            "link a0 up=false",
                            "link a0 up=true",
                            "neighbour 10.0.0.9 02:00:00:00:00:09",
                            "forgotten 10.0.0.9",
                            "gone a0")
                    .doesNotContain("lost");
        }
    }

    @Test
    void whatTheKernelRefusesIsSaidInItsOwnWords() {
        KernelLinks links = rtnetlink.links();
        assertThatThrownBy(() -> links.up("nosuch"))
                .isInstanceOf(LinuxException.class)
                .hasMessage("setting interface nosuch up: no such device (ENODEV)");
        assertThatThrownBy(() -> links.mtu("lo", -5))
                .isInstanceOf(LinuxException.class)
                .hasMessageStartingWith("setting the MTU of interface lo to -5: ")
                .hasMessageContaining("mtu");
        assertThatThrownBy(() -> links.createBridge("a-name-that-is-too-long"))
                .hasMessageContaining("is too long: 23 bytes");
        links.createBridge("br0");
        assertThatThrownBy(() -> links.createBridge("br0"))
                .hasMessage("making bridge interface br0: exists already (EEXIST)");
        assertThatThrownBy(() -> rtnetlink.addresses().add("nosuch", IpAddress.parse("10.0.0.1"), 32))
                .hasMessage("looking for interface nosuch: no such device (ENODEV)");
        // A refused request does not spoil the next.
        assertThat(links.list()).extracting(KernelLink::name).containsExactlyInAnyOrder("lo", "br0");
    }
}
