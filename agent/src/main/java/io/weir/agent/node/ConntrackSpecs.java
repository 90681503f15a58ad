package io.weir.agent.node;

import io.weir.agent.config.ConntrackConfig;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.PortRange;
import io.weir.agent.config.SnatConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.conntrack.ConntrackSpec;
import io.weir.conntrack.ConntrackTimeouts;
import io.weir.conntrack.SnatRule;
import io.weir.conntrack.SnatRule.Match;
import io.weir.conntrack.SnatSpec;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a node's configuration says to connection tracking and source NAT. */
final class ConntrackSpecs {
    private static final List<IpPrefix> LINK_LOCAL =
            List.of(IpPrefix.parse("169.254.0.0/16"), IpPrefix.parse("fe80::/10"));

    private ConntrackSpecs() {}

    static ConntrackSpec conntrack(NodeConfig config) {
        final ConntrackConfig conntrack = config.conntrack();
        final ConntrackTimeouts timeouts = new ConntrackTimeouts(
                conntrack.tcpSynSent(),
                conntrack.tcpSynReceived(),
                conntrack.tcpEstablished(),
                conntrack.tcpFinWait(),
                conntrack.tcpCloseWait(),
                conntrack.tcpLastAck(),
                conntrack.tcpTimeWait(),
                conntrack.tcpClose(),
                conntrack.tcpUnacknowledged(),
                conntrack.udp(),
                conntrack.udpStream(),
                conntrack.icmp(),
                conntrack.sctpHandshake(),
                conntrack.sctpEstablished(),
                conntrack.sctpShutdown(),
                conntrack.sctpClosed(),
                conntrack.generic());
        return new ConntrackSpec(
                config.tables().connections(),
                timeouts,
                conntrack.tcpLiberal(),
                conntrack.tcpLoose(),
                Map.of(),
                config.tables().fragments(),
                config.tables().fragments(),
                conntrack.fragmentTimeout());
    }

    /** Flannel's rules, or without flannel ip-masq-agent's for this node's pods; towards the node itself and the cluster they keep their addresses. */
    static SnatSpec snat(LocalNode node, Map<UplinkConfig, Ingress> uplinks, @Nullable FlannelPlan flannel) {
        final SnatConfig snat = node.config().snat();
        final List<SnatRule> rules = new ArrayList<>();
        if (flannel != null) {
            if (node.config().flannel().ipMasq()) {
                rules.addAll(flannel.masquerade());
            }
        } else if (snat.masquerade() && !node.podRanges().isEmpty()) {
            final List<IpPrefix> kept = new ArrayList<>(node.clusterRanges());
            kept.addAll(node.config().serviceCidrs());
            kept.addAll(snat.nonMasqueradeCidrs());
            node.addresses().forEach(address -> kept.add(IpPrefix.host(address)));
            if (!snat.masqueradeLinkLocal()) {
                kept.addAll(LINK_LOCAL);
            }
            rules.add(SnatRule.keep(Match.in(node.podRanges()), Match.in(kept)));
            for (final IpPrefix range : node.podRanges()) {
                final List<IpAddress> pool = snat.addresses().stream()
                        .filter(address -> address.isIpv4() == range.isIpv4())
                        .toList();
                rules.add(
                        pool.isEmpty()
                                ? SnatRule.masquerade(Match.in(List.of(range)), Match.ANY)
                                : SnatRule.pool(range, pool));
            }
        }
        final Map<Integer, List<IpAddress>> byPort = new HashMap<>();
        uplinks.forEach((uplink, ingress) -> {
            final List<IpAddress> own = uplink.addresses().stream()
                    .map(address -> address.address())
                    .toList();
            byPort.put(ingress.port(), oneOfEachFamily(own));
        });
        final PortRange nodePorts = node.config().services().nodePortRange();
        return new SnatSpec(
                rules,
                byPort,
                oneOfEachFamily(node.addresses()),
                nodePorts.first(),
                nodePorts.last(),
                snat.randomPorts(),
                oneOfEachFamily(node.podNetworkAddresses()));
    }

    private static List<IpAddress> oneOfEachFamily(List<IpAddress> addresses) {
        final List<IpAddress> first = new ArrayList<>();
        addresses.stream().filter(IpAddress::isIpv4).findFirst().ifPresent(first::add);
        addresses.stream().filter(IpAddress::isIpv6).findFirst().ifPresent(first::add);
        return first;
    }
}
