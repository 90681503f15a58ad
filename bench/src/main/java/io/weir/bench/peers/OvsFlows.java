package io.weir.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The OpenFlow rules with which Open vSwitch does the work of weir's scenarios. Table 0 takes packets in and tracks connections,
 * table 1 judges what is known of the connection and sends a new one to the Service's group, 5 is the policy, 10 routes: TTL, both MAC addresses, output.
 *
 * <p>Established connections pass over policy and choice of a backend, as Antrea and OVN have it: the best case for Open vSwitch.
 */
final class OvsFlows {
    /** Port numbers on the integration bridge. */
    static final int IN = 1;

    static final int OUT = 2;
    static final int REPLIES = 3;
    static final int TUNNEL = 5;

    private static final String OWN_MAC = "02:00:00:00:00:0a";
    private static final String ETHERNET =
            "dec_ttl,mod_dl_src:" + OWN_MAC + ",mod_dl_dst:02:00:00:00:00:02,output:" + OUT;
    private static final String VXLAN =
            "dec_ttl,mod_dl_src:02:42:00:00:00:01,mod_dl_dst:02:42:00:00:00:02,output:" + TUNNEL;
    private static final int BACKENDS = 10;
    private static final int RULES = 100;

    private final boolean ipv6;
    private final boolean conntrack;
    private final boolean snat;
    private final boolean service;
    private final boolean policy;
    private final boolean push;
    private final boolean pop;

    private OvsFlows(String scenario, boolean ipv6) {
        this.ipv6 = ipv6;
        final boolean chain = scenario.equals("chain");
        push = chain || scenario.equals("vxlan-push");
        pop = scenario.equals("vxlan-pop");
        policy = chain || scenario.equals("policy");
        service = chain || scenario.equals("lb");
        snat = scenario.equals("nat");
        conntrack = policy || service || snat || scenario.equals("ct");
    }

    /** Empty when there is no equivalent. */
    static Optional<OvsFlows> of(String scenario, boolean ipv6) {
        final List<String> known = List.of("l3", "ct", "nat", "lb", "policy", "vxlan-push", "vxlan-pop", "chain");
        return known.contains(scenario) ? Optional.of(new OvsFlows(scenario, ipv6)) : Optional.empty();
    }

    boolean tracksConnections() {
        return conntrack;
    }

    /** Packets leave in a tunnel: the sink is behind the underlay's bridge. */
    boolean pushes() {
        return push;
    }

    /** Packets come in a tunnel: the source is behind the underlay's bridge. */
    boolean pops() {
        return pop;
    }

    /** The groups of the integration bridge. */
    List<String> groups() {
        if (!service) {
            return List.of();
        }
        final StringBuilder group = new StringBuilder("group_id=1,type=select,selection_method=dp_hash");
        for (int i = 1; i <= BACKENDS; i++) {
            final String backend = ipv6 ? "[fd00:b::%x]:8080".formatted(i) : "10.128.0." + i + ":8080";
            group.append(",bucket=weight:1,actions=ct(commit,table=")
                    .append(policy ? 5 : 10)
                    .append(",zone=1,nat(dst=")
                    .append(backend)
                    .append("))");
        }
        return List.of(group.toString());
    }

    /** The rules of the integration bridge. */
    List<String> rules() {
        final List<String> rules = new ArrayList<>();
        final String ip = ipv6 ? "ipv6" : "ip";
        final String mac = pop ? "02:42:00:00:00:01" : OWN_MAC;
        final String arrival = "table=0,priority=100," + ip + ",dl_dst=" + mac;
        if (conntrack) {
            final String nat = snat || service ? ",nat" : "";
            rules.add(arrival + ",ct_state=-trk,actions=ct(table=1,zone=1" + nat + ")");
            rules.add("table=1,priority=30," + ip + ",ct_state=+trk+rpl,actions=drop");
            rules.add("table=1,priority=20," + ip + ",ct_state=+trk+est,actions=resubmit(,10)");
            if (service) {
                final String virtual = ipv6 ? "ipv6_dst=fd00:c::10" : "nw_dst=10.96.0.10";
                rules.add("table=1,priority=15," + ip + ",ct_state=+trk+new," + virtual + ",actions=group:1");
            }
            rules.add(
                    "table=1,priority=10," + ip + ",ct_state=+trk+new,actions=" + (policy ? "resubmit(,5)" : commit()));
        } else {
            rules.add(arrival + ",actions=resubmit(,10)");
        }
        if (policy) {
            addPolicy(rules, ip);
        }
        final String out = push ? VXLAN : ETHERNET;
        for (int i = 0; i < 8; i++) {
            rules.add("table=10,priority=24,ip,nw_dst=192.168." + i + ".0/24,actions=" + out);
        }
        rules.add("table=10,priority=9,ip,nw_dst=10.128.0.0/9,actions=" + out);
        rules.add("table=10,priority=32,ipv6,ipv6_dst=fd00:b::/32,actions=" + out);
        return rules;
    }

    /** What becomes of the first packets of a connection that may pass; a Service has committed it already. */
    private String commit() {
        if (service) {
            return "resubmit(,10)";
        }
        final String source = ipv6 ? "2001:db8::1" : "192.0.2.1";
        return snat ? "ct(commit,table=10,zone=1,nat(src=" + source + "))" : "ct(commit,zone=1),resubmit(,10)";
    }

    /** A hundred rules, of which the last lets the packets pass. */
    private void addPolicy(List<String> rules, String ip) {
        for (int i = 1; i < RULES; i++) {
            rules.add("table=5,priority=10,tcp,nw_src=10.0.0.0/16,nw_dst=172.16." + i + ".0/24,tp_dst=" + (1000 + i)
                    + ",actions=" + commit());
        }
        final String receivers = ipv6 ? "ipv6_dst=fd00:b::/32" : "nw_dst=10.128.0.0/9";
        final String senders = ipv6 ? "ipv6_src=fd00:a::/64" : "nw_src=10.0.0.0/16";
        rules.add("table=5,priority=10," + ip + "," + senders + "," + receivers + ",actions=" + commit());
    }
}
