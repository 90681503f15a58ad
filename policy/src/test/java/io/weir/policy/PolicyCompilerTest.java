package io.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PolicyCompilerTest {
    private static final NetworkPolicySpec B_FROM_C =
            policy("b", new PeerSpec.Pods(null, LabelSelector.of("app", "c")));

    private final VersionSlots slots = new VersionSlots(100);
    private final PolicyCompiler compiler = new PolicyCompiler(slots);
    private PolicyTable table = PolicyTable.EMPTY;

    @AfterEach
    void close() {
        slots.close();
    }

    @Test
    void aPolicyTouchesOnlyThePodsThatItSelects() {
        final List<PodSpec> pods = List.of(pod("a", 1, true), pod("b", 2, true), pod("c", 3, false));
        assertThat(touched(pods, List.of())).containsExactlyInAnyOrder(slot("a", 1), slot("b", 2));
        assertThat(touched(pods, List.of(B_FROM_C))).containsExactly(slot("b", 2));
        assertThat(touched(pods, List.of(B_FROM_C))).isEmpty();
        assertThat(touched(pods, List.of())).containsExactly(slot("b", 2));
    }

    @Test
    void aPeerTouchesOnlyThePodsWhoseRulesNameIt() {
        final List<PodSpec> pods = new ArrayList<>(List.of(pod("a", 1, true), pod("b", 2, true)));
        touched(pods, List.of(B_FROM_C));
        pods.add(pod("d", 4, false));
        assertThat(touched(pods, List.of(B_FROM_C))).as("nobody names d").isEmpty();
        pods.add(pod("c", 3, false));
        assertThat(touched(pods, List.of(B_FROM_C))).containsExactly(slot("b", 2));
        pods.add(pod("c", 5, false));
        assertThat(touched(pods, List.of(B_FROM_C)))
                .as("a second one of a kind")
                .contains(slot("b", 2));
        pods.removeLast();
        assertThat(touched(pods, List.of(B_FROM_C))).contains(slot("b", 2));
    }

    @Test
    void anUnknownPodWithTheAddressOfAnothersNodesPodIsShutOff() {
        final List<PodSpec> pods = List.of(pod("a", 1, true), pod("b", 2, false));
        table = compiler.compile(spec(pods, List.of()), new Changes());
        assertThat(table.allows(address(1), address(2), Protocol.TCP, 80)).isTrue();
        table = compiler.compile(
                new PolicySpec(
                        Map.of(),
                        pods,
                        List.of(),
                        List.of(),
                        List.of(),
                        Set.of(),
                        Set.of(address(1), address(2)),
                        false),
                new Changes());
        assertThat(table.allows(address(1), address(3), Protocol.TCP, 80))
                .as("the node's own")
                .isTrue();
        assertThat(table.allows(address(2), address(1), Protocol.TCP, 80)).isFalse();
        assertThat(table.allows(address(1), address(2), Protocol.TCP, 80)).isFalse();
        table = compiler.compile(spec(pods, List.of()), new Changes());
        assertThat(table.allows(address(2), address(1), Protocol.TCP, 80)).isTrue();
    }

    @Test
    void aPodThatLeavesGivesItsSlotBack() {
        touched(List.of(pod("a", 1, true)), List.of());
        final int slot = slot("a", 1);
        final Changes changes = new Changes();
        table = compiler.compile(spec(List.of(), List.of()), changes);
        assertThat(changes.releasedSlots()).containsExactly(slot);
        assertThat(table.endpoint(address(1))).isNull();
    }

    @Test
    void aNamedPortWithinABlockFollowsThePods() {
        final NetworkPolicySpec policy = new NetworkPolicySpec(
                "x",
                "out",
                LabelSelector.of("app", "a"),
                false,
                true,
                List.of(),
                List.of(new RuleSpec(
                        "",
                        Action.ACCEPT,
                        List.of(new PeerSpec.Block(IpPrefix.parse("10.0.0.0/28"), List.of())),
                        List.of(new PortSpec.Named(Protocol.TCP, "http")))));
        final PodSpec sender = pod("a", 1, true);
        touched(List.of(sender), List.of(policy));
        assertThat(table.allows(address(1), address(2), Protocol.TCP, 8080)).isFalse();
        assertThat(touched(List.of(sender, server(2, 8080)), List.of(policy))).containsExactly(slot("a", 1));
        assertThat(table.allows(address(1), address(2), Protocol.TCP, 8080)).isTrue();
        assertThat(touched(List.of(sender, server(2, 8081)), List.of(policy))).containsExactly(slot("a", 1));
        assertThat(table.allows(address(1), address(2), Protocol.TCP, 8080)).isFalse();
        assertThat(table.allows(address(1), address(2), Protocol.TCP, 8081)).isTrue();
        assertThat(touched(List.of(sender, server(20, 8081)), List.of(policy))).containsExactly(slot("a", 1));
        assertThat(table.allows(address(1), address(2), Protocol.TCP, 8081)).isFalse();
        assertThat(table.allows(address(1), address(20), Protocol.TCP, 8081)).isFalse();
    }

    @Test
    void manyPortsAreLaidOutInPages() {
        final List<PortSpec> ports = new ArrayList<>();
        for (int port = 1; port < 2000; port += 3) {
            ports.add(new PortSpec.Numbers(Protocol.TCP, port, port + 1));
        }
        final NetworkPolicySpec policy = new NetworkPolicySpec(
                "x",
                "p",
                LabelSelector.EVERYTHING,
                true,
                false,
                List.of(new RuleSpec("", Action.ACCEPT, List.of(), ports)),
                List.of());
        touched(List.of(pod("a", 1, true)), List.of(policy));
        for (int port = 1; port < 3000; port++) {
            assertThat(table.allows(address(9), address(1), Protocol.TCP, port))
                    .as("port %d", port)
                    .isEqualTo(port <= 2000 && port % 3 != 0);
            assertThat(table.allows(address(9), address(1), Protocol.UDP, port)).isFalse();
        }
    }

    private static NetworkPolicySpec policy(String app, PeerSpec from) {
        return new NetworkPolicySpec(
                "x",
                "for-" + app,
                LabelSelector.of("app", app),
                true,
                false,
                List.of(new RuleSpec("", Action.ACCEPT, List.of(from), List.of())),
                List.of());
    }

    private static IpAddress address(int last) {
        return IpAddress.parse("10.0.0." + last);
    }

    private static PodSpec pod(String app, int last, boolean local) {
        return new PodSpec("x", app + last, Map.of("app", app), List.of(address(last)), List.of(), local);
    }

    private static PodSpec server(int last, int port) {
        final List<NamedPort> ports = List.of(new NamedPort("http", Protocol.TCP, port));
        return new PodSpec("x", "server", Map.of("app", "server"), List.of(address(last)), ports, false);
    }

    private static PolicySpec spec(List<PodSpec> pods, List<NetworkPolicySpec> policies) {
        return new PolicySpec(Map.of("x", Map.of()), pods, policies, List.of(), List.of(), Set.of(), Set.of(), false);
    }

    private List<Integer> touched(List<PodSpec> pods, List<NetworkPolicySpec> policies) {
        final Changes changes = new Changes();
        table = compiler.compile(spec(pods, policies), changes);
        return changes.touchedSlots().stream().distinct().toList();
    }

    private int slot(String app, int last) {
        final EndpointRules rules = Objects.requireNonNull(table.endpoint(address(last)));
        assertThat(rules.name()).isEqualTo("x/" + app + last);
        return rules.slot();
    }
}
