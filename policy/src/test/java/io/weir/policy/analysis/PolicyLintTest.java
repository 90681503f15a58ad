package io.weir.policy.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.Tier;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PolicyLintTest {
    private static final PeerSpec WEB_PODS = new PeerSpec.Pods(null, LabelSelector.of("app", "web"));
    private static final PeerSpec OWN_PODS = new PeerSpec.Pods(null, LabelSelector.EVERYTHING);
    private static final PeerSpec ALL_PODS = new PeerSpec.Pods(LabelSelector.EVERYTHING, LabelSelector.EVERYTHING);
    private static final PortSpec HTTP = new PortSpec.Numbers(Protocol.TCP, 80, 80);
    private static final PortSpec LOW = new PortSpec.Numbers(Protocol.TCP, 1, 1023);

    @Test
    void aGoodPolicyHasNoFindings() {
        assertThat(lint(policy("a", "web", rule(List.of(WEB_PODS), HTTP, new PortSpec.Named(Protocol.TCP, "http")))))
                .isEmpty();
    }

    @Test
    void findsWhatSelectsNothing() {
        assertThat(lint(policy("a", "ghost", rule(List.of(new PeerSpec.Pods(null, LabelSelector.of("app", "ghost")))))))
                .containsExactly(
                        "selects-nothing: NetworkPolicy x/a selects no pod",
                        "peer-selects-nothing: NetworkPolicy x/a ingress[0].from[0] selects no pod: pods app=ghost");
    }

    @Test
    void findsNamesOfPortsThatNoReceiverHas() {
        assertThat(lint(policy("a", "web", rule(List.of(), new PortSpec.Named(Protocol.UDP, "http")))))
                .singleElement()
                .asString()
                .startsWith("port-unknown: NetworkPolicy x/a ingress[0] names port \"http\"");
    }

    @Test
    void findsShadowedRules() {
        assertThat(lint(
                        policy("narrow", "web", rule(List.of(WEB_PODS), HTTP)),
                        policy("wide", null, rule(List.of(OWN_PODS), LOW))))
                .containsExactly(
                        "rule-shadowed: NetworkPolicy x/narrow ingress[0] adds nothing to NetworkPolicy x/wide ingress[0]");
        assertThat(lint(policy("a", "web", rule(List.of(WEB_PODS), LOW), rule(List.of(ALL_PODS), HTTP))))
                .isEmpty();
    }

    @Test
    void ofTwoEqualRulesTheLaterIsShadowed() {
        assertThat(lint(
                        policy("b", "web", rule(List.of(WEB_PODS), HTTP)),
                        policy("a", "web", rule(List.of(WEB_PODS), HTTP))))
                .containsExactly(
                        "rule-shadowed: NetworkPolicy x/b ingress[0] adds nothing to NetworkPolicy x/a ingress[0]");
    }

    @Test
    void inClusterPoliciesOnlyEarlierRulesShadow() {
        final RuleSpec narrow = new RuleSpec("", Action.ACCEPT, List.of(ALL_PODS), List.of(HTTP));
        final RuleSpec wide = new RuleSpec("", Action.DENY, List.of(ALL_PODS), List.of());
        assertThat(lint(List.of(), List.of(cluster("a", 1, narrow, wide)))).isEmpty();
        assertThat(lint(List.of(), List.of(cluster("a", 2, narrow), cluster("b", 1, wide))))
                .containsExactly(
                        "rule-shadowed: ClusterNetworkPolicy a ingress[0] adds nothing to ClusterNetworkPolicy b ingress[0]");
    }

    @Test
    void findsBlocksOfServiceAddressesAndWhatIsNotUnderstood() {
        final NetworkPolicySpec policy = new NetworkPolicySpec(
                "x",
                "a",
                LabelSelector.EVERYTHING,
                false,
                true,
                List.of(rule(List.of())),
                List.of(rule(List.of(
                        new PeerSpec.Block(IpPrefix.parse("10.96.0.10/32"), List.of()),
                        new PeerSpec.Unknown("moonPhase")))));
        assertThat(lint(policy))
                .satisfiesExactly(
                        finding -> assertThat(finding).startsWith("rule-ignored: NetworkPolicy x/a ingress"),
                        finding -> assertThat(finding).startsWith("service-address: NetworkPolicy x/a egress[0].to[0]"),
                        finding -> assertThat(finding).startsWith("not-understood: NetworkPolicy x/a egress[0].to[1]"));
    }

    private static RuleSpec rule(List<PeerSpec> peers, PortSpec... ports) {
        return new RuleSpec("", Action.ACCEPT, peers, List.of(ports));
    }

    private static NetworkPolicySpec policy(String name, @Nullable String app, RuleSpec... rules) {
        return new NetworkPolicySpec(
                "x",
                name,
                app == null ? LabelSelector.EVERYTHING : LabelSelector.of("app", app),
                true,
                false,
                List.of(rules),
                List.of());
    }

    private static ClusterPolicySpec cluster(String name, int priority, RuleSpec... rules) {
        return new ClusterPolicySpec(
                name,
                Tier.ADMIN,
                priority,
                LabelSelector.EVERYTHING,
                LabelSelector.EVERYTHING,
                List.of(rules),
                List.of());
    }

    private static List<String> lint(NetworkPolicySpec... policies) {
        return lint(List.of(policies), List.of());
    }

    private static List<String> lint(List<NetworkPolicySpec> network, List<ClusterPolicySpec> cluster) {
        final PodSpec pod = new PodSpec(
                "x",
                "p",
                Map.of("app", "web"),
                List.of(IpAddress.parse("10.0.0.1")),
                List.of(new NamedPort("http", Protocol.TCP, 80)),
                true);
        final PolicySpec spec = new PolicySpec(
                Map.of("x", Map.of()), List.of(pod), network, cluster, List.of(), Set.of(), Set.of(), false);
        return PolicyLint.lint(spec, List.of(IpPrefix.parse("10.96.0.0/12"))).stream()
                .map(Finding::toString)
                .toList();
    }
}
