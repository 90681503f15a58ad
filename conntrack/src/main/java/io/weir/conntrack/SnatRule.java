package io.weir.conntrack;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.List;

/**
 * One line of the source NAT rules: the first whose match holds decides. The source is the packet's own, the destination
 * the one behind Service translation.
 *
 * @param sources      where the sender must be; empty means anywhere
 * @param destinations where the receiver must be; empty means anywhere
 * @param action       what happens then
 * @param pool         the addresses of {@link SnatAction#POOL}, else empty
 */
public record SnatRule(Match sources, Match destinations, SnatAction action, List<IpAddress> pool) {
    /**
     * A set of addresses.
     *
     * @param negated  the set is everything outside of the prefixes
     */
    public record Match(List<IpPrefix> prefixes, boolean negated) {
        public static final Match ANY = new Match(List.of(), false);

        public Match {
            prefixes = List.copyOf(prefixes);
        }

        public static Match in(List<IpPrefix> prefixes) {
            return new Match(prefixes, false);
        }

        public static Match notIn(List<IpPrefix> prefixes) {
            return new Match(prefixes, true);
        }
    }

    /** @throws IllegalArgumentException when a pool is missing or superfluous */
    public SnatRule {
        pool = List.copyOf(pool);
        if ((action == SnatAction.POOL) == pool.isEmpty()) {
            throw new IllegalArgumentException("a SNAT rule has a pool if and only if its action is POOL");
        }
    }

    public static SnatRule keep(Match sources, Match destinations) {
        return new SnatRule(sources, destinations, SnatAction.KEEP, List.of());
    }

    public static SnatRule masquerade(Match sources, Match destinations) {
        return new SnatRule(sources, destinations, SnatAction.MASQUERADE, List.of());
    }

    public static SnatRule pool(IpPrefix sources, List<IpAddress> pool) {
        return new SnatRule(Match.in(List.of(sources)), Match.ANY, SnatAction.POOL, pool);
    }

    /**
     * The rules of flannel's {@code --ip-masq}, in flannel's order. Its first rule (packets that kube-proxy has marked are
     * kube-proxy's business) is not among them: a Service's masquerade comes before all rules here.
     *
     * @param clusterCidrs the cluster's pod networks
     * @param podCidrs     this node's
     */
    public static List<SnatRule> flannel(List<IpPrefix> clusterCidrs, List<IpPrefix> podCidrs) {
        final Match cluster = Match.in(clusterCidrs);
        final Match outside = Match.notIn(clusterCidrs);
        final Match local = Match.in(podCidrs);
        final Match unicast = Match.notIn(List.of(IpPrefix.parse("224.0.0.0/4"), IpPrefix.parse("ff00::/8")));
        final Match inside = Match.in(clusterCidrs);
        return List.of(
                keep(local, inside),
                keep(cluster, local),
                keep(outside, local),
                // within the cluster, but neither end on this node: flannel masquerades that too
                masquerade(cluster, unicast),
                masquerade(outside, inside));
    }

    /** ip-masq-agent's defaults: private, shared and special-purpose networks are reached without masquerade. */
    public static final List<IpPrefix> DEFAULT_NON_MASQUERADE = List.of(
            IpPrefix.parse("10.0.0.0/8"),
            IpPrefix.parse("172.16.0.0/12"),
            IpPrefix.parse("192.168.0.0/16"),
            IpPrefix.parse("100.64.0.0/10"),
            IpPrefix.parse("192.0.0.0/24"),
            IpPrefix.parse("192.0.2.0/24"),
            IpPrefix.parse("192.88.99.0/24"),
            IpPrefix.parse("198.18.0.0/15"),
            IpPrefix.parse("198.51.100.0/24"),
            IpPrefix.parse("203.0.113.0/24"),
            IpPrefix.parse("240.0.0.0/4"));

    /**
     * The rules of ip-masq-agent: what pods send is masqueraded unless it goes to one of these networks.
     *
     * @param podCidrs          whose traffic it is about
     * @param nonMasqueradeCidrs as in the agent's file
     * @param masqLinkLocal     masquerade also towards 169.254.0.0/16
     * @param masqLinkLocalIpv6 masquerade also towards fe80::/10
     */
    public static List<SnatRule> ipMasqAgent(
            List<IpPrefix> podCidrs,
            List<IpPrefix> nonMasqueradeCidrs,
            boolean masqLinkLocal,
            boolean masqLinkLocalIpv6) {
        final List<IpPrefix> exempt = new ArrayList<>(nonMasqueradeCidrs);
        if (!masqLinkLocal) {
            exempt.add(IpPrefix.parse("169.254.0.0/16"));
        }
        if (!masqLinkLocalIpv6) {
            exempt.add(IpPrefix.parse("fe80::/10"));
        }
        final List<SnatRule> rules = new ArrayList<>();
        if (!exempt.isEmpty()) {
            rules.add(keep(Match.in(podCidrs), Match.in(exempt)));
        }
        rules.add(masquerade(Match.in(podCidrs), Match.ANY));
        return rules;
    }
}
