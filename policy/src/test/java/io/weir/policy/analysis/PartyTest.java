package io.weir.policy.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.RuleSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PartyTest {
    private static PolicySpec spec(String... blocks) {
        final List<PeerSpec> peers = Stream.of(blocks)
                .map(block -> (PeerSpec) new PeerSpec.Block(IpPrefix.parse(block), List.of()))
                .toList();
        final NetworkPolicySpec policy = new NetworkPolicySpec(
                "x",
                "p",
                LabelSelector.EVERYTHING,
                true,
                false,
                List.of(new RuleSpec("", Action.ACCEPT, peers, List.of())),
                List.of());
        final List<PodSpec> pods = List.of(pod("x-y", "a", "10.0.0.1"), pod("x", "b", "10.0.0.2"));
        return new PolicySpec(Map.of(), pods, List.of(policy), List.of(), List.of(), Set.of(), Set.of(), false);
    }

    private static PodSpec pod(String namespace, String name, String address) {
        return new PodSpec(namespace, name, Map.of(), List.of(IpAddress.parse(address)), List.of(), false);
    }

    @Test
    void podsOfANamespaceStandTogether() {
        assertThat(Party.pods(spec(), Set.of())).extracting(Party::name).containsExactly("x/b", "x-y/a");
        assertThat(Party.pods(spec(), Set.of())).extracting(Party::shortName).containsExactly("b", "a");
    }

    @Test
    void elsewhereIsInNoBlockThatAPolicyMentions() {
        final List<String> blocks = List.of("192.0.2.0/24", "198.51.100.0/22", "2001:db8::/32", "0.0.0.0/0", "::/0");
        final Party elsewhere =
                Party.outside(spec(blocks.toArray(String[]::new))).getLast();
        assertThat(elsewhere.name()).isEqualTo(Party.ELSEWHERE);
        assertThat(elsewhere.addresses())
                .hasSize(2)
                .allSatisfy(address -> assertThat(blocks.subList(0, 3))
                        .noneMatch(block -> IpPrefix.parse(block).contains(address)));
        assertThat(elsewhere.addresses()).extracting(IpAddress::isIpv4).containsExactly(true, false);
    }
}
