package io.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Explanation;
import io.weir.dataplane.pipeline.RuleNote;
import io.weir.dataplane.pipeline.Tracking;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PolicyStageTest {
    private static final String CLIENT = "10.0.0.1";
    private static final String SERVER = "10.0.0.2";
    private static final String NODE = "10.0.0.254";
    private static final IpAddress SERVICE = IpAddress.parse("10.96.0.1");
    private static final RuleSpec CLIENT_TO_WEB = rule(
            Action.ACCEPT,
            List.of(new PeerSpec.Pods(null, LabelSelector.of("app", "client"))),
            List.of(new PortSpec.Numbers(Protocol.TCP, 80, 80)));

    private final VersionSlots slots = new VersionSlots(100);
    private final List<Long> frames = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();
    private final Packet packet = new Packet();
    private final Decision decision = new Decision();

    @AfterEach
    void close() {
        frames.forEach(OffHeap::free);
        slots.close();
    }

    @Test
    void namesTheRuleThatAllows() {
        final PolicyStage stage = stage(spec(false, ingress(CLIENT_TO_WEB)));
        assertThat(decide(stage, tcp(CLIENT, SERVER, 80))).isEqualTo(Verdict.CONTINUE);
        assertThat(reasons)
                .containsExactly(
                        "egress of x/client is allowed by default: no policy decides",
                        "ingress of x/server is allowed by NetworkPolicy x/web ingress[0].from[0] (pods app=client)");
        assertThat(decision.dependencyCount()).isEqualTo(2);
        assertThat(decision.firstRule())
                .as("in the words of the explanation")
                .hasToString("allowed by NetworkPolicy x/web ingress[0].from[0] (pods app=client)");
        assertThat(decision.secondRule()).isNull();
    }

    @Test
    void everyRuleCountsWhatItDecides() {
        final PolicyStage stage = stage(spec(false, ingress(CLIENT_TO_WEB)));
        for (int i = 0; i < 3; i++) {
            decide(stage, tcp(CLIENT, SERVER, 80));
        }
        decide(stage, tcp(CLIENT, SERVER, 81));
        final RuleNote denied = Objects.requireNonNull(decision.firstRule());
        assertThat(denied).hasToString("denied: isolated by NetworkPolicy x/web, and no rule allows this");
        assertThat(denied.decisions()).isEqualTo(1);
        decision.dryRun(true);
        decide(stage, tcp(CLIENT, SERVER, 80));
        assertThat(Objects.requireNonNull(decision.firstRule()).decisions()).isEqualTo(3);
    }

    @Test
    void namesTheIsolatingPoliciesWhenNoneAllows() {
        final PolicyStage stage = stage(spec(false, ingress(CLIENT_TO_WEB)));
        assertThat(decide(stage, tcp(CLIENT, SERVER, 81))).isEqualTo(Verdict.DROP);
        assertThat(decision.reason()).isEqualTo(PolicyDrop.INGRESS_DENIED);
        assertThat(reasons)
                .contains("ingress of x/server is denied: isolated by NetworkPolicy x/web, and no rule allows this");
        assertThat(decide(stage, tcp("192.0.2.1", SERVER, 80))).isEqualTo(Verdict.DROP);
        assertThat(decision.dependencyCount()).isEqualTo(1);
    }

    @Test
    void judgesAReplyAsWhatItAnswers() {
        final PolicyStage stage = stage(spec(false, ingress(CLIENT_TO_WEB), egressDenied("app", "server")));
        parse(PacketBuilder.packet()
                .ethernet()
                .ip(SERVER, CLIENT)
                .tcp(80, 40000)
                .build());
        decision.connectionState(ConnectionState.ESTABLISHED);
        decision.connection(1, 1, true, Tracking.NONE);
        final IpAddress client = IpAddress.parse(CLIENT);
        final IpAddress server = IpAddress.parse(SERVER);
        decision.subject(client.high(), client.low(), 40000, server.high(), server.low(), 80);
        assertThat(stage.decide(packet, decision)).isEqualTo(Verdict.CONTINUE);

        assertThat(decide(stage, tcp(SERVER, CLIENT, 40000))).isEqualTo(Verdict.DROP);
        assertThat(decision.reason()).isEqualTo(PolicyDrop.EGRESS_DENIED);
    }

    @Test
    void letsIcmpErrorsOfKnownConnectionsPass() {
        final PolicyStage stage = stage(spec(false, egressDenied("app", "server")));
        parse(PacketBuilder.packet()
                .ethernet()
                .ip(SERVER, CLIENT)
                .icmpEcho(1, 1)
                .build());
        decision.connectionState(ConnectionState.RELATED);
        assertThat(stage.decide(packet, decision)).isEqualTo(Verdict.CONTINUE);
        assertThat(decide(
                        stage,
                        packetOf(PacketBuilder.packet()
                                .ethernet()
                                .ip(SERVER, CLIENT)
                                .icmpEcho(1, 1))))
                .isEqualTo(Verdict.DROP);
    }

    @Test
    void appliesBehindServiceTranslation() {
        final PolicyStage stage = stage(spec(false, ingress(CLIENT_TO_WEB)));
        parse(tcp(CLIENT, SERVICE.toString(), 8080));
        final IpAddress server = IpAddress.parse(SERVER);
        decision.translateToBackend(1, server.high(), server.low(), 80);
        assertThat(stage.decide(packet, decision)).isEqualTo(Verdict.CONTINUE);
        decision.reset(packet);
        decision.translateToBackend(1, server.high(), server.low(), 81);
        assertThat(stage.decide(packet, decision)).isEqualTo(Verdict.DROP);
    }

    @Test
    void answersDeniedEgressWhenAsked() {
        final PolicyStage stage = stage(spec(true, egressDenied("app", "client"), ingress(CLIENT_TO_WEB)));
        assertThat(decide(stage, tcp(CLIENT, SERVER, 80))).isEqualTo(Verdict.ANSWER);
        assertThat(decision.answer()).isEqualTo(Answer.PROHIBITED);
        assertThat(decision.reason()).isEqualTo(PolicyDrop.EGRESS_DENIED);
        assertThat(decide(stage, tcp("192.0.2.1", SERVER, 80)))
                .as("ingress stays silent")
                .isEqualTo(Verdict.DROP);
    }

    @Test
    void neverPartsAPodFromItsNodeOrItself() {
        final PolicyStage stage = stage(spec(false, ingress(), egressDenied("app", "server")));
        assertThat(decide(stage, tcp(NODE, SERVER, 80))).isEqualTo(Verdict.CONTINUE);
        assertThat(decide(stage, tcp(SERVER, NODE, 10250))).isEqualTo(Verdict.CONTINUE);
        assertThat(reasons).anyMatch(reason -> reason.contains("own node"));
        assertThat(decide(stage, tcp(SERVER, SERVER, 80))).isEqualTo(Verdict.CONTINUE);
        assertThat(decide(stage, tcp(SERVER, CLIENT, 80))).isEqualTo(Verdict.DROP);
    }

    @Test
    void clusterPolicyHoldsForAPodThatReachesItselfThroughAService() {
        final ClusterPolicySpec deny = new ClusterPolicySpec(
                "top",
                Tier.ADMIN,
                1,
                LabelSelector.EVERYTHING,
                LabelSelector.EVERYTHING,
                List.of(),
                List.of(rule(
                        Action.DENY,
                        List.of(new PeerSpec.Networks(List.of(IpPrefix.parse("10.0.0.0/8")))),
                        List.of())));
        final PolicySpec spec = spec(false);
        final PolicyStage stage = stage(new PolicySpec(
                spec.namespaces(),
                spec.pods(),
                List.of(),
                List.of(deny),
                List.of(),
                spec.nodeAddresses(),
                Set.of(),
                false));
        assertThat(decide(stage, tcp(CLIENT, CLIENT, 80))).isEqualTo(Verdict.CONTINUE);
        parse(tcp(CLIENT, SERVICE.toString(), 80));
        final IpAddress client = IpAddress.parse(CLIENT);
        decision.translateToBackend(1, client.high(), client.low(), 80);
        assertThat(stage.decide(packet, decision)).isEqualTo(Verdict.DROP);
        assertThat(decision.reason()).isEqualTo(PolicyDrop.ADMIN_EGRESS_DENIED);
    }

    @Test
    void shutsOffAnEndpointWhosePodIsNotKnown() {
        final PolicySpec spec = spec(false);
        final PolicyStage stage = stage(new PolicySpec(
                spec.namespaces(),
                spec.pods(),
                List.of(),
                List.of(),
                List.of(),
                spec.nodeAddresses(),
                Set.of(IpAddress.parse("10.0.0.9")),
                false));
        assertThat(decide(stage, tcp("10.0.0.9", CLIENT, 80))).isEqualTo(Verdict.DROP);
        assertThat(decision.reason()).isEqualTo(PolicyDrop.POLICY_SUBJECT_UNKNOWN);
        assertThat(decide(stage, tcp(CLIENT, "10.0.0.9", 80))).isEqualTo(Verdict.DROP);
        assertThat(decide(stage, tcp(NODE, "10.0.0.9", 80))).isEqualTo(Verdict.CONTINUE);
    }

    @Test
    void aRuleThatIsNotUnderstoodFailsClosed() {
        final List<PeerSpec> strange = List.of(new PeerSpec.Unknown("serviceAccounts"));
        for (final Action action : Action.values()) {
            final ClusterPolicySpec policy = new ClusterPolicySpec(
                    "strange",
                    Tier.ADMIN,
                    1,
                    LabelSelector.EVERYTHING,
                    LabelSelector.of("app", "server"),
                    List.of(rule(action, strange, List.of())),
                    List.of());
            final PolicySpec spec = spec(false);
            final PolicyStage stage = stage(new PolicySpec(
                    spec.namespaces(), spec.pods(), List.of(), List.of(policy), List.of(), Set.of(), Set.of(), false));
            assertThat(decide(stage, tcp(CLIENT, SERVER, 80)))
                    .as("%s", action)
                    .isEqualTo(action == Action.ACCEPT ? Verdict.CONTINUE : Verdict.DROP);
        }
    }

    private static RuleSpec rule(Action action, List<PeerSpec> peers, List<PortSpec> ports) {
        return new RuleSpec("", action, peers, ports);
    }

    private static NetworkPolicySpec ingress(RuleSpec... rules) {
        return new NetworkPolicySpec(
                "x", "web", LabelSelector.of("app", "server"), true, false, List.of(rules), List.of());
    }

    private static NetworkPolicySpec egressDenied(String key, String value) {
        return new NetworkPolicySpec("x", "quiet", LabelSelector.of(key, value), false, true, List.of(), List.of());
    }

    private static PolicySpec spec(boolean rejectEgress, NetworkPolicySpec... policies) {
        return new PolicySpec(
                Map.of("x", Map.of()),
                List.of(pod("client", CLIENT), pod("server", SERVER)),
                List.of(policies),
                List.of(),
                List.of(),
                Set.of(IpAddress.parse(NODE)),
                Set.of(),
                rejectEgress);
    }

    private static PodSpec pod(String name, String address) {
        return new PodSpec("x", name, Map.of("app", name), List.of(IpAddress.parse(address)), List.of(), true);
    }

    private PolicyStage stage(PolicySpec spec) {
        return new PolicyStage(new PolicyCompiler(slots).compile(spec, new Changes()));
    }

    private Verdict decide(PolicyStage stage, byte[] frame) {
        parse(frame);
        return stage.decide(packet, decision);
    }

    private static byte[] tcp(String source, String destination, int port) {
        return packetOf(PacketBuilder.packet()
                .ethernet()
                .ip(source, destination)
                .tcp(40000, port)
                .flags("S"));
    }

    private static byte[] packetOf(PacketBuilder builder) {
        return builder.build();
    }

    private void parse(byte[] frame) {
        final long address = OffHeap.allocate(frame.length);
        frames.add(address);
        OffHeap.copy(frame, 0, address, frame.length);
        PacketParser.locate(packet, address, frame.length, 0, 1, 1, 0, false, 0);
        assertThat(PacketParser.parse(packet)).isNull();
        reasons.clear();
        decision.explainTo(new Explanation() {
            @Override
            public void stage(String name) {}

            @Override
            public void because(String sentence) {
                reasons.add(sentence);
            }

            @Override
            public void verdict(Verdict verdict) {}
        });
        decision.reset(packet);
    }
}
