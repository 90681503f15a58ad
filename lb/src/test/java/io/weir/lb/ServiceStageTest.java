package io.weir.lb;

import static io.weir.lb.ServiceScene.SCTP;
import static io.weir.lb.ServiceScene.TCP;
import static io.weir.lb.ServiceScene.UDP;
import static io.weir.lb.ServiceScene.address;
import static io.weir.lb.ServiceScene.backends;
import static io.weir.lb.ServiceScene.clusterIp;
import static io.weir.lb.ServiceScene.ip;
import static io.weir.lb.ServiceScene.key;
import static io.weir.lb.ServiceScene.prefixes;
import static io.weir.lb.ServiceScene.withPolicies;
import static io.weir.lb.ServiceScene.withScheduler;
import static io.weir.lb.ServiceScene.withSourceRanges;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.dataplane.pipeline.Verdict;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServiceStageTest {
    private static final String POD = "10.180.0.9";
    private static final String NODE = "192.168.0.2";
    private static final String CLIENT = "203.0.113.2";
    private static final VirtualAddress VIP = clusterIp("172.30.0.41", 80);
    private static final VirtualAddress LB = address(AddressKind.LOAD_BALANCER, "1.2.3.4", 80);
    private static final VirtualAddress EXTERNAL = address(AddressKind.EXTERNAL_IP, "192.168.99.11", 80);
    private static final VirtualAddress NODE_PORT = address(AddressKind.NODE_PORT, NODE, 30080);
    private static final List<VirtualAddress> ALL = List.of(VIP, LB, EXTERNAL, NODE_PORT);
    private static final List<BackendSpec> FAR_AND_HERE = backends("10.180.1.1:8080", "10.180.0.1:8080!");

    private final ServiceScene scene = new ServiceScene();

    @BeforeEach
    void nodeKnowsItself() {
        scene.rules = rules(false, "10.180.0.0/16");
    }

    @AfterEach
    void close() {
        scene.close();
    }

    private static ServiceRules rules(boolean masqueradeAll, String... podRanges) {
        return new ServiceRules(
                prefixes(podRanges),
                prefixes("172.30.0.0/16"),
                List.of(ip(NODE), ip("192.168.1.2")),
                List.of(ip(NODE)),
                masqueradeAll);
    }

    private static ServiceSpec web(String... backendTexts) {
        return ServiceSpec.of(key("web"), TCP, ALL, backends(backendTexts));
    }

    private static ServiceSpec outside(BackendPlace place, Scheduler scheduler) {
        final BackendSpec backend = new BackendSpec(
                ip("10.180.2.1"), 8080, 1, true, false, EndpointState.READY, "other", "default/web", place);
        return ServiceScene.withScheduler(
                ServiceSpec.of(
                        ServiceScene.key("web"),
                        ServiceScene.TCP,
                        List.of(
                                ServiceScene.clusterIp("172.30.0.41", 80),
                                ServiceScene.address(AddressKind.LOAD_BALANCER, "5.6.7.8", 80),
                                ServiceScene.address(AddressKind.NODE_PORT, "192.168.0.2", 30080)),
                        List.of(backend)),
                scheduler,
                0);
    }

    /** What is sent on as it is, what is only not hidden, and what fares as without direct server return. */
    @Test
    void directServerReturnIsForClientsOutsideAndBackendsThatAnswerThem() {
        try (ServiceScene scene = new ServiceScene()) {
            final ServiceRules usual = new ServiceRules(
                    ServiceScene.prefixes("10.0.0.0/8"),
                    ServiceScene.prefixes("172.30.0.0/16"),
                    List.of(ip("192.168.0.2")),
                    List.of(ip("192.168.0.2")),
                    false);
            scene.rules = new ServiceRules(
                    usual.podRanges(),
                    usual.serviceRanges(),
                    usual.nodeAddresses(),
                    usual.primaryAddresses(),
                    false,
                    true,
                    List.of(ip("192.168.0.3")));
            scene.explain();
            scene.serve(outside(BackendPlace.PEER, Scheduler.MAGLEV));
            assertThat(scene.tcp("203.0.113.7", "5.6.7.8", 80)).isEqualTo("10.180.2.1:8080 directly");
            assertThat(scene.sentences)
                    .anyMatch(each -> each.endsWith("(1 of 1), whose node answers the client itself"))
                    .anyMatch(each -> each.contains("the packet keeps its destination"));
            assertThat(scene.tcp("203.0.113.7", "192.168.0.2", 30080)).isEqualTo("10.180.2.1:8080 directly");
            assertThat(scene.tcp("10.1.1.1", "5.6.7.8", 80)).isEqualTo("10.180.2.1:8080 masqueraded");
            assertThat(scene.tcp("192.168.0.2", "5.6.7.8", 80)).isEqualTo("10.180.2.1:8080 masqueraded");
            assertThat(scene.tcp("203.0.113.7", "172.30.0.41", 80)).isEqualTo("10.180.2.1:8080 masqueraded");
            assertThat(scene.tcp("203.0.113.7", "192.168.0.3", 30080))
                    .as("a node port of another node is that node's")
                    .isEqualTo("untouched");
            scene.scope = 0x8001;
            assertThat(scene.tcp("203.0.113.7", "5.6.7.8", 80))
                    .as("never sent on twice")
                    .isEqualTo("10.180.2.1:8080 masqueraded");
            scene.serve(outside(BackendPlace.HERE, Scheduler.MAGLEV));
            assertThat(scene.tcp("203.0.113.7", "5.6.7.8", 80)).isEqualTo("10.180.2.1:8080");
            assertThat(scene.tcp("203.0.113.7", "192.168.0.3", 30080)).isEqualTo("10.180.2.1:8080");
            assertThat(scene.tcp("203.0.113.7", "192.168.0.4", 30080)).isEqualTo("DROP peer-service-unknown");
            scene.scope = 1;
            scene.serve(outside(BackendPlace.HERE, Scheduler.ROUND_ROBIN));
            assertThat(scene.tcp("203.0.113.7", "5.6.7.8", 80)).isEqualTo("10.180.2.1:8080");
            scene.serve(outside(BackendPlace.PEER, Scheduler.ROUND_ROBIN));
            assertThat(scene.tcp("203.0.113.7", "5.6.7.8", 80)).isEqualTo("10.180.2.1:8080 masqueraded");
            scene.serve(outside(BackendPlace.ELSEWHERE, Scheduler.MAGLEV));
            assertThat(scene.tcp("203.0.113.7", "5.6.7.8", 80)).isEqualTo("10.180.2.1:8080 masqueraded");
            scene.rules = usual;
            scene.serve(outside(BackendPlace.PEER, Scheduler.MAGLEV));
            assertThat(scene.tcp("203.0.113.7", "5.6.7.8", 80)).isEqualTo("10.180.2.1:8080 masqueraded");
        }
    }

    @Test
    void dropReasonsHaveTheirRangeAndNoTwins() {
        assertThat(new DropReasons(LbDrop.values()).all())
                .allSatisfy(reason -> assertThat(reason.id()).isBetween(112, 127));
    }

    @Test
    void podReachesBackendWithoutMasquerade() {
        scene.serve(web("10.180.1.1:8080"));
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo("10.180.1.1:8080");
        assertThat(scene.decision.subjectDestinationPort()).isEqualTo(8080);
        assertThat(scene.decision.subjectDestinationLow())
                .isEqualTo(ip("10.180.1.1").low());
    }

    @Test
    void otherAddressesPassUntouched() {
        scene.serve(web("10.180.1.1:8080"));
        assertThat(scene.tcp(POD, "10.180.1.1", 80)).isEqualTo("untouched");
        assertThat(scene.tcp(POD, "1.2.3.4", 81)).isEqualTo("untouched");
        assertThat(scene.tcp(POD, NODE, 30081)).isEqualTo("untouched");
    }

    @Test
    void allBackendsOfTheServiceAreUsedAndNoOther() {
        scene.serve(
                web("10.180.1.1:8080", "10.180.2.1:8080", "10.180.3.1:8080"),
                ServiceSpec.of(key("other"), TCP, List.of(clusterIp("172.30.0.42", 80)), backends("10.180.4.1:8080")));
        assertThat(scene.outcomes(200, POD, "172.30.0.41", 80))
                .containsOnlyKeys("10.180.1.1:8080", "10.180.2.1:8080", "10.180.3.1:8080");
    }

    @Test
    void tcpUdpAndSctpShareAPortNumber() {
        final ServiceKey tcp = new ServiceKey("default", "dns", "tcp", false);
        final ServiceKey udp = new ServiceKey("default", "dns", "udp", false);
        final ServiceKey sctp = new ServiceKey("default", "dns", "sctp", false);
        final List<VirtualAddress> dns = List.of(clusterIp("172.30.0.10", 53));
        scene.serve(
                ServiceSpec.of(tcp, TCP, dns, backends("10.180.1.1:5353")),
                ServiceSpec.of(udp, UDP, dns, backends("10.180.1.1:53")),
                ServiceSpec.of(sctp, SCTP, dns, backends("10.180.1.1:54")));
        assertThat(scene.outcome(TCP, POD, 1024, "172.30.0.10", 53)).isEqualTo("10.180.1.1:5353");
        assertThat(scene.outcome(UDP, POD, 1024, "172.30.0.10", 53)).isEqualTo("10.180.1.1:53");
        assertThat(scene.outcome(SCTP, POD, 1024, "172.30.0.10", 53)).isEqualTo("10.180.1.1:54");
    }

    @Test
    void ipv6FaresAsIpv4() {
        final ServiceKey key = new ServiceKey("default", "web", "", true);
        scene.rules = rules(false, "10.180.0.0/16", "fd00:10::/64");
        scene.serve(ServiceSpec.of(
                key, TCP, List.of(clusterIp("fd00:172:30::41", 80)), backends("fd00:10::1:8080", "fd00:10::2:8080")));
        assertThat(scene.outcomes(100, "fd00:10::9", "fd00:172:30::41", 80))
                .containsOnlyKeys("fd00:10::1:8080", "fd00:10::2:8080");
        assertThat(scene.tcp("2001:db8::9", "fd00:172:30::41", 80)).endsWith("masqueraded");
        // With no pod range of its family, nobody is known to be a stranger.
        scene.rules = rules(false, "10.180.0.0/16");
        scene.serve(ServiceSpec.of(
                key, TCP, List.of(clusterIp("fd00:172:30::41", 80)), backends("fd00:10::1:8080", "fd00:10::2:8080")));
        assertThat(scene.tcp("2001:db8::9", "fd00:172:30::41", 80)).doesNotEndWith("masqueraded");
    }

    @Test
    void noEndpointAnywhereIsRejectedAtEveryAddress() {
        scene.serve(web());
        for (final VirtualAddress address : ALL) {
            for (final String source : List.of(POD, NODE, CLIENT)) {
                assertThat(scene.tcp(source, address.address().toString(), address.port()))
                        .isEqualTo("ANSWER no-endpoint");
                assertThat(scene.decision.answer()).isEqualTo(Answer.RESET_OR_PORT_UNREACHABLE);
            }
        }
    }

    @Test
    void weightZeroTakesNoNewConnection() {
        final BackendSpec drained =
                new BackendSpec(ip("10.180.2.1"), 8080, 0, true, false, EndpointState.READY, "", "");
        final BackendSpec other = backends("10.180.1.1:8080").get(0);
        scene.serve(ServiceSpec.of(key("web"), TCP, ALL, List.of(drained, other)));
        assertThat(scene.outcomes(100, POD, "172.30.0.41", 80)).containsOnlyKeys("10.180.1.1:8080");
        scene.serve(ServiceSpec.of(key("web"), TCP, ALL, List.of(drained)));
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo("ANSWER no-endpoint");
    }

    @Test
    void wrongPortOrProtocolOnClusterIpIsRejected() {
        scene.serve(web("10.180.1.1:8080"));
        assertThat(scene.tcp(POD, "172.30.0.41", 443)).isEqualTo("ANSWER service-port-unknown");
        assertThat(scene.outcome(UDP, POD, 1024, "172.30.0.41", 80)).isEqualTo("ANSWER service-port-unknown");
        assertThat(scene.outcome(1, POD, 1024, "172.30.0.41", 0)).isEqualTo("ANSWER service-port-unknown");
    }

    @Test
    void unallocatedAddressInServiceRangeIsDropped() {
        scene.serve(web("10.180.1.1:8080"));
        assertThat(scene.tcp(POD, "172.30.0.50", 80)).isEqualTo("DROP service-address-unallocated");
    }

    @Test
    void hairpinIsMasqueraded() {
        scene.serve(web("10.180.1.1:8080"));
        assertThat(scene.tcp("10.180.1.1", "172.30.0.41", 80)).isEqualTo("10.180.1.1:8080 masqueraded");
    }

    @Test
    void senderOutsideThePodRangeIsMasqueradedAtClusterIp() {
        scene.serve(web("10.180.1.1:8080"));
        assertThat(scene.tcp(CLIENT, "172.30.0.41", 80)).endsWith("masqueraded");
        assertThat(scene.tcp(NODE, "172.30.0.41", 80)).endsWith("masqueraded");
        scene.rules = rules(false);
        scene.serve(web("10.180.1.1:8080"));
        assertThat(scene.tcp(CLIENT, "172.30.0.41", 80)).isEqualTo("10.180.1.1:8080");
    }

    @Test
    void masqueradeAllHidesPodsAtClusterIpOnly() {
        scene.rules = rules(true, "10.180.0.0/16");
        scene.serve(withPolicies(web("10.180.0.1:8080!"), TrafficPolicy.CLUSTER, TrafficPolicy.LOCAL));
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo("10.180.0.1:8080 masqueraded");
        assertThat(scene.tcp(POD, "1.2.3.4", 80)).isEqualTo("10.180.0.1:8080");
        assertThat(scene.tcp(CLIENT, "1.2.3.4", 80)).isEqualTo("10.180.0.1:8080");
    }

    @Test
    void externalTrafficWithClusterPolicyIsMasqueraded() {
        scene.serve(web("10.180.1.1:8080"));
        for (final VirtualAddress address : List.of(LB, EXTERNAL, NODE_PORT)) {
            for (final String source : List.of(POD, NODE, CLIENT)) {
                assertThat(scene.tcp(source, address.address().toString(), address.port()))
                        .isEqualTo("10.180.1.1:8080 masqueraded");
            }
        }
    }

    @Test
    void externalPolicyLocalKeepsTheClientAndStaysOnTheNode() {
        scene.serve(withPolicies(
                ServiceSpec.of(key("web"), TCP, ALL, FAR_AND_HERE), TrafficPolicy.CLUSTER, TrafficPolicy.LOCAL));
        for (final VirtualAddress address : List.of(LB, EXTERNAL, NODE_PORT)) {
            final String to = address.address().toString();
            assertThat(scene.outcomes(100, CLIENT, to, address.port())).containsOnlyKeys("10.180.0.1:8080");
            assertThat(scene.outcomes(100, POD, to, address.port()))
                    .containsOnlyKeys("10.180.0.1:8080", "10.180.1.1:8080");
            assertThat(scene.outcomes(100, NODE, to, address.port()))
                    .containsOnlyKeys("10.180.0.1:8080 masqueraded", "10.180.1.1:8080 masqueraded");
        }
    }

    @Test
    void externalPolicyLocalWithoutLocalEndpointDropsStrangersOnly() {
        scene.serve(withPolicies(web("10.180.1.1:8080"), TrafficPolicy.CLUSTER, TrafficPolicy.LOCAL));
        assertThat(scene.tcp(CLIENT, "1.2.3.4", 80)).isEqualTo("DROP no-local-endpoint");
        assertThat(scene.tcp(POD, "1.2.3.4", 80)).isEqualTo("10.180.1.1:8080");
        assertThat(scene.tcp(NODE, "1.2.3.4", 80)).isEqualTo("10.180.1.1:8080 masqueraded");
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo("10.180.1.1:8080");
    }

    @Test
    void internalPolicyLocalBindsTheClusterIpOnly() {
        scene.serve(withPolicies(
                ServiceSpec.of(key("web"), TCP, ALL, FAR_AND_HERE), TrafficPolicy.LOCAL, TrafficPolicy.CLUSTER));
        assertThat(scene.outcomes(100, POD, "172.30.0.41", 80)).containsOnlyKeys("10.180.0.1:8080");
        assertThat(scene.outcomes(100, CLIENT, "1.2.3.4", 80)).hasSize(2);
        scene.serve(withPolicies(web("10.180.1.1:8080"), TrafficPolicy.LOCAL, TrafficPolicy.CLUSTER));
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo("DROP no-local-endpoint");
        assertThat(scene.tcp(CLIENT, "1.2.3.4", 80)).isEqualTo("10.180.1.1:8080 masqueraded");
    }

    @Test
    void sourceRangesGuardTheLoadBalancerAddressOnly() {
        scene.serve(withSourceRanges(web("10.180.1.1:8080"), "192.168.0.0/24", "203.0.113.0/25"));
        assertThat(scene.tcp(CLIENT, "1.2.3.4", 80)).endsWith("masqueraded");
        assertThat(scene.tcp("203.0.113.130", "1.2.3.4", 80)).isEqualTo("DROP source-range-denied");
        assertThat(scene.tcp(POD, "1.2.3.4", 80)).isEqualTo("DROP source-range-denied");
        assertThat(scene.tcp("203.0.113.130", NODE, 30080)).endsWith("masqueraded");
        assertThat(scene.tcp("203.0.113.130", "192.168.99.11", 80)).endsWith("masqueraded");
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo("10.180.1.1:8080");
    }

    @Test
    void sourceRangesLetTheNodeInByTheLoadBalancersOwnAddress() {
        scene.serve(withSourceRanges(web("10.180.1.1:8080"), "192.168.0.0/24"));
        assertThat(scene.tcp("1.2.3.4", "1.2.3.4", 80)).isEqualTo("10.180.1.1:8080 masqueraded");
        scene.serve(withSourceRanges(web("10.180.1.1:8080"), "203.0.113.0/25"));
        assertThat(scene.tcp("1.2.3.4", "1.2.3.4", 80)).isEqualTo("DROP source-range-denied");
    }

    @Test
    void sourceRangesAreAskedBeforeEndpoints() {
        scene.serve(withSourceRanges(web(), "192.168.0.0/24"));
        assertThat(scene.tcp(CLIENT, "1.2.3.4", 80)).isEqualTo("DROP source-range-denied");
        assertThat(scene.tcp(NODE, "1.2.3.4", 80)).isEqualTo("ANSWER no-endpoint");
    }

    @Test
    void anExternalIpCannotTakeOverAClusterIp() {
        final ServiceSpec thief = ServiceSpec.of(
                key("a-thief"),
                TCP,
                List.of(address(AddressKind.EXTERNAL_IP, "172.30.0.41", 80)),
                backends("10.180.6.6:666"));
        scene.serve(thief, web("10.180.1.1:8080"));
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo("10.180.1.1:8080");
        assertThat(scene.stage.table().conflicts()).singleElement().asString().contains("default/web has it");
    }

    @Test
    void knownConnectionsAreLeftAlone() {
        scene.serve(web("10.180.1.1:8080"));
        assertThat(scene.ask(ConnectionState.ESTABLISHED, TCP, POD, 1024, "172.30.0.41", 80))
                .isEqualTo(Verdict.CONTINUE);
        assertThat(scene.decision.isTranslated()).isFalse();
        assertThat(scene.ask(ConnectionState.UNTRACKED, TCP, POD, 1024, "172.30.0.41", 80))
                .isEqualTo(Verdict.CONTINUE);
        assertThat(scene.decision.isTranslated()).isTrue();
    }

    @Test
    void affinityIgnoresTheSourcePortAndOutlivesAChangeOfBackends() {
        scene.serve(withScheduler(web("10.180.1.1:80", "10.180.2.1:80", "10.180.3.1:80"), Scheduler.ROUND_ROBIN, 100));
        final Set<String> seen =
                new HashSet<>(scene.outcomes(50, POD, "172.30.0.41", 80).keySet());
        assertThat(seen).hasSize(1);
        scene.serve(withScheduler(
                web("10.180.1.1:80", "10.180.2.1:80", "10.180.3.1:80", "10.180.4.1:80"), Scheduler.ROUND_ROBIN, 100));
        seen.addAll(scene.outcomes(50, POD, "172.30.0.41", 80).keySet());
        assertThat(seen).hasSize(1);
        // Another client takes the next turn.
        assertThat(scene.tcp("10.180.0.10", "172.30.0.41", 80)).isNotIn(seen);
    }

    @Test
    void affinityEndsAfterItsTimeoutAndEachConnectionExtendsIt() {
        scene.serve(withScheduler(web("10.180.1.1:80", "10.180.2.1:80"), Scheduler.ROUND_ROBIN, 100));
        final String first = scene.tcp(POD, "172.30.0.41", 80);
        scene.nowNs += 99;
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo(first);
        scene.nowNs += 99;
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo(first);
        scene.nowNs += 100;
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isNotEqualTo(first);
    }

    @Test
    void affinityHoldsOverAllAddressesOfTheServicePort() {
        scene.serve(withScheduler(web("10.180.1.1:80", "10.180.2.1:80", "10.180.3.1:80"), Scheduler.ROUND_ROBIN, 100));
        final String first = scene.tcp(CLIENT, "172.30.0.41", 80);
        assertThat(scene.tcp(CLIENT, "1.2.3.4", 80)).isEqualTo(first);
        assertThat(scene.tcp(CLIENT, NODE, 30080)).isEqualTo(first);
    }

    @Test
    void affinityToABackendThatLeftIsForgotten() {
        scene.serve(withScheduler(web("10.180.1.1:80", "10.180.2.1:80"), Scheduler.MAGLEV, 1000));
        final String first = scene.tcp(POD, "172.30.0.41", 80);
        final String other = first.startsWith("10.180.1.1") ? "10.180.2.1:80" : "10.180.1.1:80";
        scene.serve(withScheduler(web(other), Scheduler.MAGLEV, 1000));
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo(other);
        scene.serve(withScheduler(web("10.180.1.1:80", "10.180.2.1:80"), Scheduler.MAGLEV, 1000));
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo(other);
    }

    @Test
    void dryRunTakesNoTurnAndRemembersNobody() {
        scene.serve(withScheduler(web("10.180.1.1:80", "10.180.2.1:80"), Scheduler.ROUND_ROBIN, 0));
        scene.decision.dryRun(true);
        final String first = scene.tcp(POD, "172.30.0.41", 80);
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo(first);
        scene.decision.dryRun(false);
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isEqualTo(first);
        assertThat(scene.tcp(POD, "172.30.0.41", 80)).isNotEqualTo(first);
        assertThat(scene.stage.table().statuses().get(0).backends())
                .extracting(ServiceStatus.BackendStatus::chosen)
                .containsExactly(1L, 1L);
    }

    @Test
    void explanationNamesServiceBackendAndWhy() {
        scene.serve(web("10.180.1.1:8080"));
        scene.explain();
        scene.tcp("10.180.1.1", "172.30.0.41", 80);
        assertThat(scene.sentences)
                .containsExactly(
                        "destination is the cluster-ip of default/web",
                        "maglev chose backend 10.180.1.1 port 8080 (1 of 1), and the sender's address must be hidden");
    }

    @Test
    void statusShowsVerdictsAndCounters() {
        scene.serve(withPolicies(web("10.180.1.1:8080"), TrafficPolicy.CLUSTER, TrafficPolicy.LOCAL));
        scene.tcp(POD, "172.30.0.41", 80);
        final ServiceStatus status = scene.stage.table().statuses().get(0);
        assertThat(status.internalVerdict()).isEqualTo("forward");
        assertThat(status.externalVerdict()).isEqualTo("drop");
        assertThat(status.backends().get(0).chosen()).isEqualTo(1);
    }
}
