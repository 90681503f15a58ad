package io.weir.bench.throughput;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A policy of a hundred egress rules on the sending pods, of which the last lets the packets pass. */
final class BenchPolicies {
    private static final int RULES = 100;

    /** Senders that {@link Traffic} makes: one per 50,000 flows. */
    private static final int SENDERS = 80;

    private BenchPolicies() {}

    static PolicySpec hundredRules() {
        final List<RuleSpec> rules = new ArrayList<>();
        for (int i = 1; i < RULES; i++) {
            rules.add(rule(i, List.of(block("172.16." + i + ".0/24")), 1000 + i));
        }
        rules.add(rule(RULES, List.of(block("10.128.0.0/9"), block("fd00:b::/32")), 0));
        final NetworkPolicySpec policy =
                new NetworkPolicySpec("bench", "hundred", LabelSelector.EVERYTHING, false, true, List.of(), rules);
        final List<PodSpec> pods = new ArrayList<>();
        for (int i = 0; i < SENDERS; i++) {
            final List<IpAddress> addresses = List.of(
                    IpAddress.parse("10.0.0.1").plus(i),
                    IpAddress.parse("fd00:a::1").plus(i));
            pods.add(new PodSpec("bench", "sender-" + i, Map.of(), addresses, List.of(), true));
        }
        return new PolicySpec(Map.of(), pods, List.of(policy), List.of(), List.of(), Set.of(), Set.of(), false);
    }

    private static PeerSpec block(String prefix) {
        return new PeerSpec.Block(IpPrefix.parse(prefix), List.of());
    }

    /** Port 0 stands for all ports of UDP and TCP. */
    private static RuleSpec rule(int number, List<PeerSpec> peers, int port) {
        final List<PortSpec> ports = port == 0
                ? List.of(PortSpec.all(Protocol.UDP), PortSpec.all(Protocol.TCP))
                : List.of(new PortSpec.Numbers(Protocol.TCP, port, port));
        return new RuleSpec("rule-" + number, Action.ACCEPT, peers, ports);
    }
}
