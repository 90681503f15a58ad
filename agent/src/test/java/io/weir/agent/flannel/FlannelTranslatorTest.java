package io.weir.agent.flannel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.config.InterfaceAddress;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.VpcRouteTableConfig;
import io.weir.conntrack.SnatAction;
import io.weir.conntrack.SnatRule;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.vxlan.VxlanNetwork;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FlannelTranslatorTest {
    private static final VtepMacs MACS =
            new VtepMacs(MacAddress.parse("0a:00:00:00:00:01"), MacAddress.parse("0a:00:00:00:06:01"));
    private static final Underlay UNDERLAY =
            new Underlay(List.of(InterfaceAddress.parse("192.168.0.1/24"), InterfaceAddress.parse("fd01::1/64")), 1500);

    private static NetConf conf(String backend, boolean dual) {
        return NetConf.parse("{\"Network\":\"10.244.0.0/16\","
                + (dual ? "\"EnableIPv6\":true,\"IPv6Network\":\"fd00::/48\"," : "") + "\"Backend\":" + backend + "}");
    }

    private static String data(String mac) {
        return "{\"VNI\":1,\"VtepMAC\":\"" + mac + "\"}";
    }

    private static SubnetLease lease(String subnet, String address, String type, @Nullable String data) {
        return new SubnetLease(
                IpPrefix.parse(subnet), null, new LeaseAttributes(IpAddress.parse(address), null, type, data, null));
    }

    private static SubnetLease own(NetConf conf) {
        return new SubnetLease(
                IpPrefix.parse("10.244.1.0/24"),
                conf.enableIpv6() ? IpPrefix.parse("fd00:0:0:1::/64") : null,
                FlannelTranslator.attributes(conf, IpAddress.parse("192.168.0.1"), IpAddress.parse("fd01::1"), MACS));
    }

    private static FlannelPlan plan(NetConf conf, SubnetLease... others) {
        final List<SubnetLease> leases = new ArrayList<>(List.of(others));
        leases.add(own(conf));
        return new FlannelTranslator(
                        conf,
                        own(conf),
                        UNDERLAY,
                        MACS,
                        NodeConfig.defaults().flannel().tunnel())
                .translate(Leases.of(leases));
    }

    @Test
    void leasesOfVxlanBecomeTunnels() {
        final FlannelPlan plan = plan(
                conf("{\"Type\":\"vxlan\"}", false),
                lease("10.244.2.0/24", "192.168.0.2", "vxlan", data("0a:00:00:00:00:02")),
                lease("10.244.3.0/24", "172.16.0.3", "vxlan", data("0a:00:00:00:00:03")));
        assertThat(plan.warnings()).isEmpty();
        assertThat(plan.vxlan().networks()).hasSize(1);
        final VxlanNetwork network = plan.vxlan().networks().getFirst();
        assertThat(network.name()).isEqualTo("flannel.1");
        assertThat(network.vni()).isEqualTo(1);
        assertThat(network.port()).isEqualTo(8472);
        assertThat(network.mtu()).isEqualTo(1450);
        assertThat(network.localMac()).isEqualTo(MACS.ipv4());
        assertThat(network.remotes()).hasSize(2);
        assertThat(plan.routes())
                .extracting(FlannelRoute::prefix)
                .containsExactly(IpPrefix.parse("10.244.2.0/24"), IpPrefix.parse("10.244.3.0/24"));
        assertThat(plan.routes()).allMatch(route -> route.way() instanceof FlannelRoute.Tunnelled);
        assertThat(plan.nodeAddresses()).as("a .0 address is a host").containsExactly(IpAddress.parse("10.244.1.0"));
        assertThat(plan.podMtu()).isEqualTo(1450);

        final RouteSpec spec = plan.routes().getFirst().spec(3, IpAddress.parse("192.168.0.2"), 1500, (_, _) -> 0);
        assertThat(spec.target()).isInstanceOfSatisfying(RouteSpec.Tunnel.class, via -> {
            assertThat(via.kind()).isEqualTo(AdjacencyTable.TUNNEL_IPV4);
            assertThat(via.gateway()).isEqualTo(IpAddress.parse("192.168.0.2"));
            assertThat(via.mtu()).isEqualTo(1450);
            assertThat(via.port()).isEqualTo(3);
            assertThat(via.header()).hasSize(64);
        });
    }

    @Test
    void directRoutingSkipsTheTunnelOnTheSameLinkAndStillAcceptsIt() {
        final FlannelPlan plan = plan(
                conf("{\"Type\":\"vxlan\",\"DirectRouting\":true}", false),
                lease("10.244.2.0/24", "192.168.0.2", "vxlan", data("0a:00:00:00:00:02")),
                lease("10.244.3.0/24", "172.16.0.3", "vxlan", data("0a:00:00:00:00:03")));
        assertThat(plan.routes().get(0).way()).isEqualTo(new FlannelRoute.Direct(IpAddress.parse("192.168.0.2")));
        assertThat(plan.routes().get(1).way()).isInstanceOf(FlannelRoute.Tunnelled.class);
        assertThat(plan.vxlan().networks().getFirst().remotes()).hasSize(2);
        assertThat(plan.routes()
                        .getFirst()
                        .spec(3, IpAddress.parse("192.168.0.2"), 1500, (_, _) -> 0)
                        .target())
                .isEqualTo(new RouteSpec.Gateway(3, 1500, IpAddress.parse("192.168.0.2")));
    }

    @Test
    void hostGwNeedsTheSameLink() {
        final FlannelPlan plan = plan(
                conf("{\"Type\":\"host-gw\"}", false),
                lease("10.244.2.0/24", "192.168.0.2", "host-gw", null),
                lease("10.244.3.0/24", "172.16.0.3", "host-gw", null));
        assertThat(plan.vxlan().networks()).isEmpty();
        assertThat(plan.routes())
                .extracting(FlannelRoute::way)
                .containsExactly(new FlannelRoute.Direct(IpAddress.parse("192.168.0.2")));
        assertThat(plan.warnings())
                .singleElement()
                .asString()
                .contains("10.244.3.0-24", "172.16.0.3 on this node's link");
        assertThat(plan.podMtu()).isEqualTo(1500);
    }

    @Test
    void dualStackIsTwoNetworksWithOneVni() {
        final NetConf conf = conf("{\"Type\":\"vxlan\",\"VNI\":7}", true);
        final FlannelPlan plan = plan(
                conf,
                new SubnetLease(
                        IpPrefix.parse("10.244.2.0/24"),
                        IpPrefix.parse("fd00:0:0:2::/64"),
                        new LeaseAttributes(
                                IpAddress.parse("192.168.0.2"),
                                IpAddress.parse("fd01::2"),
                                "vxlan",
                                data("0a:00:00:00:00:02"),
                                data("0a:00:00:00:06:02"))));
        assertThat(plan.vxlan().networks()).extracting(VxlanNetwork::name).containsExactly("flannel.7", "flannel-v6.7");
        assertThat(plan.vxlan().networks().get(1).localAddress()).isEqualTo(IpAddress.parse("fd01::1"));
        assertThat(plan.vxlan().networks().get(1).mtu())
                .as("IPv6 outside costs 70 bytes")
                .isEqualTo(1430);
        assertThat(plan.podMtu()).as("what flannel advertises").isEqualTo(1450);
        assertThat(plan.routes()).hasSize(2);
    }

    @Test
    void unusableLeasesAreNamedAndHarmNoOther() {
        final FlannelPlan plan = plan(
                conf("{\"Type\":\"vxlan\"}", false),
                lease("10.244.2.0/24", "192.168.0.2", "vxlan", data("0a:00:00:00:00:02")),
                lease("10.244.3.0/24", "192.168.0.3", "host-gw", null),
                lease("10.244.4.0/24", "192.168.0.4", "vxlan", null),
                lease("10.244.5.0/24", "192.168.0.5", "vxlan", "{\"VtepMAC\":\"nonsense\"}"),
                lease("10.244.6.0/24", "192.168.0.6", "vxlan", data("0a:00:00:00:00:01")),
                lease("10.244.7.0/24", "192.168.0.7", "vxlan", data("01:00:00:00:00:07")),
                lease("10.244.1.128/25", "192.168.0.8", "vxlan", data("0a:00:00:00:00:08")));
        assertThat(plan.routes()).extracting(FlannelRoute::prefix).containsExactly(IpPrefix.parse("10.244.2.0/24"));
        assertThat(plan.warnings())
                .hasSize(6)
                .anyMatch(line -> line.contains("10.244.3.0-24") && line.contains("'host-gw'"))
                .anyMatch(line -> line.contains("10.244.4.0-24") && line.contains("no VTEP"))
                .anyMatch(line -> line.contains("10.244.5.0-24") && line.contains("nonsense"))
                .anyMatch(line -> line.contains("10.244.6.0-24") && line.contains("own Ethernet address"))
                .anyMatch(line -> line.contains("10.244.7.0-24") && line.contains("no unicast"))
                .anyMatch(line -> line.contains("10.244.1.128-25") && line.contains("overlaps"));
    }

    @Test
    void masqueradeIsInFlannelsOrder() {
        final List<SnatRule> rules = plan(conf("{\"Type\":\"vxlan\"}", true)).masquerade();
        assertThat(rules)
                .extracting(SnatRule::action)
                .containsExactly(
                        SnatAction.KEEP,
                        SnatAction.KEEP,
                        SnatAction.KEEP,
                        SnatAction.MASQUERADE,
                        SnatAction.MASQUERADE);
        assertThat(rules.getLast().sources().negated()).isTrue();
        assertThat(rules.getLast().destinations().prefixes())
                .containsExactly(IpPrefix.parse("10.244.0.0/16"), IpPrefix.parse("fd00::/48"));
    }

    @Test
    void vpcRoutesKeepTheirPlaceAndRefuseByName() {
        final List<VpcRouteTableConfig> one =
                List.of(new VpcRouteTableConfig("system", 2, List.of(IpPrefix.parse("10.244.0.0/16"))));
        final VpcRoutes routes = new VpcRoutes();
        final VpcRoutes.NodeRange b =
                new VpcRoutes.NodeRange("b", IpPrefix.parse("10.244.2.0/24"), IpAddress.parse("192.168.0.2"));
        final VpcRoutes.NodeRange c =
                new VpcRoutes.NodeRange("c", IpPrefix.parse("10.244.3.0/24"), IpAddress.parse("192.168.0.3"));
        assertThat(routes.update(one, List.of(b, c)).refusals()).isEmpty();

        final VpcRoutes.NodeRange a =
                new VpcRoutes.NodeRange("a", IpPrefix.parse("10.244.1.0/24"), IpAddress.parse("192.168.0.9"));
        final VpcRoutes.Outcome full = routes.update(one, List.of(a, b, c));
        assertThat(full.routes())
                .as("the newcomer sorts first and still displaces nobody")
                .extracting(FlannelRoute::origin)
                .containsExactly("vpc route of b", "vpc route of c");
        assertThat(full.refusals())
                .containsExactly("no route to the pods 10.244.1.0/24 of node a: table system is full with 2 routes");

        final VpcRoutes.NodeRange d =
                new VpcRoutes.NodeRange("d", IpPrefix.parse("10.245.1.0/24"), IpAddress.parse("192.168.0.4"));
        assertThat(routes.update(one, List.of(b, c, d)).refusals())
                .containsExactly("no route to the pods 10.245.1.0/24 of node d: no table takes this range;"
                        + " add it to podRanges of one");
        final List<VpcRouteTableConfig> two = new ArrayList<>(one);
        two.add(new VpcRouteTableConfig("second", 10, List.of(IpPrefix.parse("10.245.0.0/16"))));
        assertThat(routes.update(two, List.of(b, c, d)).refusals())
                .as("expanded live")
                .isEmpty();
        assertThat(routes.update(two, List.of(a, c, d)).refusals())
                .as("b left its place to a")
                .isEmpty();
    }
}
