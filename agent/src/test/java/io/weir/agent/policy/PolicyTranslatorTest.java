package io.weir.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.config.ConfigException;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyTranslatorTest {
    @TempDir
    Path directory;

    @Test
    void policyTypesDefaultToIngressAndToEgressWhenThereAreEgressRules() throws IOException {
        assertThat(networkPolicy("podSelector: {}"))
                .returns(true, NetworkPolicySpec::ingress)
                .returns(false, NetworkPolicySpec::egress);
        assertThat(networkPolicy("egress: [{}]"))
                .returns(true, NetworkPolicySpec::ingress)
                .returns(true, NetworkPolicySpec::egress);
        assertThat(networkPolicy("policyTypes: [Egress]\n  ingress: [{}]"))
                .returns(false, NetworkPolicySpec::ingress)
                .returns(true, NetworkPolicySpec::egress);
    }

    @Test
    void selectorsInOnePeerGoTogether() throws IOException {
        final NetworkPolicySpec policy = networkPolicy("""
                ingress:
                  - from:
                    - podSelector: {matchLabels: {app: a}}
                      namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [b]}]}
                    - podSelector: {}
                    - namespaceSelector: {}
                    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
                    ports:
                    - {}
                    - {protocol: UDP, port: 53}
                    - {port: 8000, endPort: 8080}
                    - {protocol: SCTP, port: web}
                """);
        final LabelSelector notB = new LabelSelector(
                Map.of(), List.of(new LabelSelector.Expression("team", LabelSelector.Operator.NOT_IN, Set.of("b"))));
        assertThat(policy.ingressRules().getFirst().peers())
                .containsExactly(
                        new PeerSpec.Pods(notB, LabelSelector.of("app", "a")),
                        new PeerSpec.Pods(null, LabelSelector.EVERYTHING),
                        new PeerSpec.Pods(LabelSelector.EVERYTHING, LabelSelector.EVERYTHING),
                        new PeerSpec.Block(IpPrefix.parse("10.0.0.0/8"), List.of(IpPrefix.parse("10.1.0.0/16"))));
        assertThat(policy.ingressRules().getFirst().ports())
                .containsExactly(
                        PortSpec.all(Protocol.TCP),
                        new PortSpec.Numbers(Protocol.UDP, 53, 53),
                        new PortSpec.Numbers(Protocol.TCP, 8000, 8080),
                        new PortSpec.Named(Protocol.SCTP, "web"));
    }

    @Test
    void anUnknownConditionOfANewerApiServerMatchesNothing() {
        final RuleSpec rule = ingressOfServer("{form: [{podSelector: {}}]}");
        assertThat(rule.peers()).containsExactly(new PeerSpec.Unknown("form"));
        final RuleSpec parts = ingressOfServer("{from: [{moonPhase: full}], ports: [{weather: rain}]}");
        assertThat(parts.peers()).containsExactly(new PeerSpec.Unknown("moonPhase"));
        assertThat(parts.ports()).containsExactly(new PortSpec.Unknown("weather"));
    }

    /** The first rule as a watch brings it, which is more lenient than a file that somebody wrote. */
    private static RuleSpec ingressOfServer(String rule) {
        final NetworkPolicy policy = new KubernetesSerialization()
                .unmarshal(
                        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\n"
                                + "spec: {podSelector: {}, ingress: [" + rule + "]}\n",
                        NetworkPolicy.class);
        final ClusterState cluster = ClusterState.builder().put(policy).build();
        return new PolicyTranslator()
                .translate(cluster, LocalView.EVERYWHERE)
                .networkPolicies()
                .getFirst()
                .ingressRules()
                .getFirst();
    }

    @Test
    void aMistypedFieldOfAFileIsRefusedByName() {
        assertThatThrownBy(() -> networkPolicy("podSelecter: {matchLabels: {app: db}}"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("a.yaml, document 1: spec.podSelecter")
                .hasMessageContaining("did you mean 'podSelector'?");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "policyTypes: [Inside]|spec.policyTypes[0]|Inside",
                "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]|spec.ingress[0].from[0].ipBlock.cidr|10.0.0.0",
                "egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}]}]|spec.egress[0].to[0].ipBlock.except[0]|11.0.0.0/8",
                "ingress: [{from: [{}]}]|spec.ingress[0].from[0]|",
                "ingress: [{ports: [{port: 70000}]}]|spec.ingress[0].ports[0].port|70000",
                "ingress: [{ports: [{port: 90, endPort: 80}]}]|spec.ingress[0].ports[0].endPort|80",
                "ingress: [{ports: [{port: web, endPort: 80}]}]|spec.ingress[0].ports[0].endPort|80",
                "ingress: [{ports: [{protocol: ICMP}]}]|spec.ingress[0].ports[0].protocol|ICMP",
                "podSelector: {matchExpressions: [{key: a, operator: Like}]}|spec.podSelector.matchExpressions[0].operator|Like"
            })
    void whatTheApiServerRefusesIsRefused(String spec, String field, String value) {
        assertThatThrownBy(() -> networkPolicy(spec))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("a.yaml, document 1: " + field)
                .hasMessageContaining(value == null ? "" : value);
    }

    @Test
    void readsClusterPolicies() throws IOException {
        final ClusterPolicySpec policy = clusterPolicy("""
                tier: Baseline
                  priority: 7
                  subject: {pods: {namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: db}}}}
                  ingress:
                  - name: first
                    action: Pass
                    from:
                    - namespaces: {}
                    - pods: {podSelector: {matchLabels: {app: web}}}
                    protocols:
                    - tcp: {destinationPort: {number: 80}}
                    - udp: {destinationPort: {range: {start: 5, end: 9}}}
                    - sctp: {}
                    - destinationNamedPort: web
                  egress:
                  - action: Deny
                    to:
                    - networks: [10.0.0.0/8, "fd00::/8"]
                    - nodes: {matchLabels: {role: edge}}
                """);
        assertThat(policy.tier()).isEqualTo(Tier.BASELINE);
        assertThat(policy.priority()).isEqualTo(7);
        assertThat(policy.namespaces()).isEqualTo(LabelSelector.of("team", "a"));
        assertThat(policy.pods()).isEqualTo(LabelSelector.of("app", "db"));
        assertThat(policy.ingressRules().getFirst().name()).isEqualTo("first");
        assertThat(policy.ingressRules().getFirst().action()).isEqualTo(Action.PASS);
        assertThat(policy.ingressRules().getFirst().peers())
                .containsExactly(
                        new PeerSpec.Pods(LabelSelector.EVERYTHING, LabelSelector.EVERYTHING),
                        new PeerSpec.Pods(LabelSelector.EVERYTHING, LabelSelector.of("app", "web")));
        assertThat(policy.ingressRules().getFirst().ports())
                .containsExactly(
                        new PortSpec.Numbers(Protocol.TCP, 80, 80),
                        new PortSpec.Numbers(Protocol.UDP, 5, 9),
                        PortSpec.all(Protocol.SCTP),
                        new PortSpec.Named(null, "web"));
        assertThat(policy.egressRules().getFirst().peers())
                .containsExactly(
                        new PeerSpec.Networks(List.of(IpPrefix.parse("10.0.0.0/8"), IpPrefix.parse("fd00::/8"))),
                        new PeerSpec.Nodes(LabelSelector.of("role", "edge")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{action: Accept, from: [{serviceAccounts: {}}]}",
                "{action: Accept, from: [{}]}",
                "{action: Accept, from: []}",
                "{action: Accept, from: [{namespaces: {}, pods: {podSelector: {}}}]}",
                "{action: Accept, from: [{networks: [10.0.0.0/8]}]}",
                "{action: Accept, from: [{namespaces: {}}], protocols: [{icmp: {}}]}",
                "{action: Accept, from: [{namespaces: {}}], protocols: [{tcp: {sourcePort: {number: 1}}}]}",
                "{action: Accept, from: [{namespaces: {}}], unless: [{namespaces: {}}]}"
            })
    void marksWhatItDoesNotUnderstand(String rule) throws IOException {
        final ClusterPolicySpec policy =
                clusterPolicy("tier: Admin\n  priority: 1\n  subject: {namespaces: {}}\n  ingress: [" + rule + "]");
        assertThat(policy.ingressRules().getFirst().isUnknown()).isTrue();
    }

    @Test
    void readsPodsAndKeepsWhatDoesNotChange() throws IOException {
        write("""
                apiVersion: v1
                kind: Pod
                metadata: {name: a, namespace: x, labels: {app: a}}
                spec:
                  nodeName: node-1
                  containers: [{name: c, ports: [{name: web, containerPort: 80}, {containerPort: 81}]}]
                  initContainers:
                  - {name: side, restartPolicy: Always, ports: [{name: dns, containerPort: 53, protocol: UDP}]}
                  - {name: once, ports: [{name: never, containerPort: 9}]}
                status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
                ---
                {apiVersion: v1, kind: Pod, metadata: {name: host, namespace: x},
                 spec: {nodeName: node-1, hostNetwork: true}, status: {podIP: 192.0.2.1}}
                ---
                {apiVersion: v1, kind: Pod, metadata: {name: done, namespace: x},
                 spec: {nodeName: node-1}, status: {phase: Succeeded, podIP: 10.0.0.1}}
                ---
                {apiVersion: v1, kind: Pod, metadata: {name: b, namespace: y}, spec: {nodeName: node-2}}
                """);
        final ClusterState cluster = ConfigDirectory.load(directory).cluster();
        final PolicyTranslator translator = new PolicyTranslator();
        final LocalView local = new LocalView("node-1", Set.of(), Map.of(), Set.of(), false);
        final PolicySpec first = translator.translate(cluster, local);
        assertThat(first.pods())
                .containsExactly(new PodSpec(
                        "x",
                        "a",
                        Map.of("app", "a"),
                        List.of(IpAddress.parse("10.0.0.1"), IpAddress.parse("fd00::1")),
                        List.of(new NamedPort("web", Protocol.TCP, 80), new NamedPort("dns", Protocol.UDP, 53)),
                        true));
        assertThat(first.namespaces()).containsEntry("x", Map.of("kubernetes.io/metadata.name", "x"));
        assertThat(translator.translate(cluster, local).pods().getFirst())
                .isSameAs(first.pods().getFirst());

        final LocalView given =
                new LocalView("node-2", Set.of(), Map.of("y/b", List.of(IpAddress.parse("10.0.0.7"))), Set.of(), false);
        assertThat(translator.translate(cluster, given).pods())
                .extracting(PodSpec::key, PodSpec::local)
                .containsExactly(tuple("x/a", false), tuple("y/b", true));
    }

    private NetworkPolicySpec networkPolicy(String spec) throws IOException {
        write("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\nspec:\n  "
                + spec + "\n");
        return translate().networkPolicies().getFirst();
    }

    private ClusterPolicySpec clusterPolicy(String spec) throws IOException {
        write(
                "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: p}\nspec:\n  "
                        + spec + "\n");
        return translate().clusterPolicies().getFirst();
    }

    private PolicySpec translate() {
        return new PolicyTranslator().translate(ConfigDirectory.load(directory).cluster(), LocalView.EVERYWHERE);
    }

    private void write(String text) throws IOException {
        Files.writeString(directory.resolve("a.yaml"), text);
    }
}
