package io.weir.agent.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.lb.AddressKind;
import io.weir.lb.BackendSpec;
import io.weir.lb.EndpointState;
import io.weir.lb.Scheduler;
import io.weir.lb.ServiceSpec;
import io.weir.lb.TrafficPolicy;
import io.weir.lb.VirtualAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceTranslatorTest {
    private static final String NODE = """
            apiVersion: v1
            kind: Node
            metadata: {name: here, labels: {topology.kubernetes.io/zone: a}}
            spec: {podCIDR: 10.180.0.0/24, podCIDRs: [10.180.0.0/24, "fd00:10::/64"]}
            status:
              addresses:
              - {type: InternalIP, address: 192.168.0.2}
              - {type: InternalIP, address: "2001:db8::1"}
              - {type: Hostname, address: here}
            """;

    @TempDir
    private Path directory;

    private final ServiceTranslator translator = new ServiceTranslator("here");

    @BeforeEach
    void node() throws IOException {
        write("node.yaml", NODE);
    }

    private void write(String file, String yaml) throws IOException {
        Files.writeString(directory.resolve(file), yaml);
    }

    private TranslatedServices translate(String... settings) {
        final LoadedConfig loaded = ConfigDirectory.load(directory, List.of(settings));
        return translator.translate(loaded.cluster(), loaded.node());
    }

    /** A Service {@code web} with one TCP port 80 called {@code http}; {@code spec} is more of its spec, inline. */
    private void service(String spec) throws IOException {
        service("metadata: {name: web}", spec, "");
    }

    private void service(String metadata, String spec, String status) throws IOException {
        write("service.yaml", """
                apiVersion: v1
                kind: Service
                %s
                spec: {ports: [{name: http, port: 80, protocol: TCP, nodePort: 30080}], %s}
                %s
                """.formatted(metadata, spec, status));
    }

    /** A slice of {@code web}; endpoints inline. */
    private void slice(String name, String family, String port, String... endpoints) throws IOException {
        write(name + ".yaml", """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                addressType: %s
                metadata: {name: %s, labels: {kubernetes.io/service-name: web}}
                ports: [%s]
                endpoints: [%s]
                """.formatted(family, name, port, String.join(", ", endpoints)));
    }

    private static String endpoint(String address, String conditions, String more) {
        return "{addresses: [\"" + address + "\"], conditions: {" + conditions + "}" + more + "}";
    }

    private static String ready(String address, String node) {
        return endpoint(address, "ready: true", ", nodeName: " + node);
    }

    private static final String HTTP = "{name: http, port: 8080, protocol: TCP}";

    private ServiceSpec only(String... settings) {
        final TranslatedServices services = translate(settings);
        assertThat(services.spec().services()).hasSize(1);
        return services.spec().services().get(0);
    }

    private static List<String> cluster(ServiceSpec spec) {
        return spec.backends().stream()
                .filter(BackendSpec::cluster)
                .map(backend -> backend.address() + ":" + backend.port())
                .toList();
    }

    private static List<String> local(ServiceSpec spec) {
        return spec.backends().stream()
                .filter(BackendSpec::local)
                .map(backend -> backend.address() + ":" + backend.port())
                .toList();
    }

    @Test
    void addressesOfEveryKind() throws IOException {
        service(
                "metadata: {name: web, namespace: shop}",
                "type: LoadBalancer, clusterIP: 172.30.0.41, externalIPs: [192.168.99.11]",
                "status: {loadBalancer: {ingress: [{ip: 1.2.3.4}, {ip: 5.6.7.8, ipMode: VIP}, {ip: 9.9.9.9, ipMode: Proxy},"
                        + " {hostname: lb.example}]}}");
        final ServiceSpec spec = only();
        assertThat(spec.key()).hasToString("shop/web:http");
        assertThat(spec.addresses())
                .extracting(VirtualAddress::toString)
                .containsExactlyInAnyOrder(
                        "cluster-ip 172.30.0.41:80",
                        "external-ip 192.168.99.11:80",
                        "load-balancer 1.2.3.4:80",
                        "load-balancer 5.6.7.8:80",
                        "node-port 192.168.0.2:30080");
    }

    @Test
    void nodePortsAreServedWhereTheConfigSays() throws IOException {
        service("type: NodePort, clusterIP: 172.30.0.41");
        final TranslatedServices services = translate(
                "nodeAddresses=192.168.0.2,192.168.1.2,10.7.7.7", "services.nodePortAddresses=192.168.0.0/16");
        assertThat(services.spec().services().get(0).addresses())
                .filteredOn(address -> address.kind() == AddressKind.NODE_PORT)
                .extracting(address -> address.address().toString())
                .containsExactly("192.168.0.2", "192.168.1.2");
    }

    @Test
    void aDualStackServiceIsServedInEachFamilyByItsOwnEndpoints() throws IOException {
        service("type: NodePort, clusterIP: 172.30.0.41, clusterIPs: [172.30.0.41, \"fd00:172:30::41\"],"
                + " ipFamilies: [IPv4, IPv6]");
        slice("four", "IPv4", HTTP, ready("10.180.0.1", "here"));
        slice("six", "IPv6", HTTP, ready("fd00:10::1", "here"));
        final List<ServiceSpec> specs = translate().spec().services();
        assertThat(specs).hasSize(2);
        assertThat(cluster(specs.get(0))).containsExactly("10.180.0.1:8080");
        assertThat(cluster(specs.get(1))).containsExactly("fd00:10::1:8080");
        assertThat(specs.get(1).addresses())
                .extracting(VirtualAddress::toString)
                .containsExactly("cluster-ip [fd00:172:30::41]:80", "node-port [2001:db8::1]:30080");
    }

    @Test
    void headlessExternalNameAndForeignServicesAreNotServed() throws IOException {
        service("clusterIP: None");
        assertThat(translate().spec().services()).isEmpty();
        service("type: ExternalName, externalName: example.org");
        assertThat(translate().spec().services()).isEmpty();
        service(
                "metadata: {name: web, labels: {service.kubernetes.io/service-proxy-name: other}}",
                "clusterIP: 172.30.0.41",
                "");
        assertThat(translate().spec().services()).isEmpty();
        service("metadata: {name: web, labels: {service.kubernetes.io/headless: \"\"}}", "clusterIP: 172.30.0.41", "");
        assertThat(translate().spec().services()).isEmpty();
    }

    @Test
    void targetPortsAreResolvedByNameInEachSlice() throws IOException {
        service("clusterIP: 172.30.0.41");
        slice("one", "IPv4", HTTP, ready("10.180.0.1", "here"));
        slice(
                "two",
                "IPv4",
                "{name: http, port: 9090, protocol: TCP}, {name: other, port: 1, protocol: TCP},"
                        + " {name: http, port: 53, protocol: UDP}",
                ready("10.180.1.1", "there"));
        assertThat(cluster(only())).containsExactly("10.180.0.1:8080", "10.180.1.1:9090");
    }

    @Test
    void absentConditionsMeanReady() throws IOException {
        service("clusterIP: 172.30.0.41");
        slice("one", "IPv4", HTTP, "{addresses: [10.180.0.1]}", endpoint("10.180.0.2", "", ""));
        assertThat(cluster(only())).hasSize(2);
    }

    @Test
    void terminatingEndpointsServeOnlyWhereNoneIsReadyAndEachScopeDecidesForItself() throws IOException {
        service("type: NodePort, clusterIP: 172.30.0.41, externalTrafficPolicy: Local");
        slice(
                "one",
                "IPv4",
                HTTP,
                ready("10.180.1.1", "there"),
                endpoint("10.180.0.1", "ready: false, serving: true, terminating: true", ", nodeName: here"),
                endpoint("10.180.0.2", "ready: false, serving: false, terminating: true", ", nodeName: here"));
        final ServiceSpec mixed = only();
        assertThat(cluster(mixed)).containsExactly("10.180.1.1:8080");
        assertThat(local(mixed)).containsExactly("10.180.0.1:8080");
        assertThat(mixed.backends())
                .extracting(BackendSpec::state)
                .containsExactly(EndpointState.READY, EndpointState.TERMINATING, EndpointState.TERMINATING);
        slice(
                "one",
                "IPv4",
                HTTP,
                endpoint("10.180.1.1", "ready: false, serving: true, terminating: true", ", nodeName: there"));
        assertThat(cluster(only())).containsExactly("10.180.1.1:8080");
        assertThat(local(only())).isEmpty();
    }

    @Test
    void endpointsOfTcpStayKnownUntilTheirPodIsGoneButUdpOnesOnlyWhileTheyServe() throws IOException {
        write("service.yaml", """
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec:
                  clusterIP: 172.30.0.41
                  ports: [{name: t, port: 53, protocol: TCP}, {name: u, port: 53, protocol: UDP}]
                """);
        slice(
                "one",
                "IPv4",
                "{name: t, port: 53, protocol: TCP}, {name: u, port: 53, protocol: UDP}",
                endpoint("10.180.0.1", "ready: false, serving: false", ""));
        final List<ServiceSpec> specs = translate().spec().services();
        assertThat(specs.get(0).backends()).extracting(BackendSpec::cluster).containsExactly(false);
        assertThat(specs.get(1).backends()).isEmpty();
    }

    @Test
    void publishNotReadyAddressesMakesThemReady() throws IOException {
        service("clusterIP: 172.30.0.41, publishNotReadyAddresses: true");
        slice("one", "IPv4", HTTP, endpoint("10.180.0.1", "ready: false, serving: false", ""));
        assertThat(cluster(only())).containsExactly("10.180.0.1:8080");
    }

    @Test
    void zoneHintsCountWhenEveryReadyEndpointHasOneAndOneIsForUs() throws IOException {
        service("clusterIP: 172.30.0.41");
        final String hintA = ", hints: {forZones: [{name: a}]}";
        final String hintB = ", hints: {forZones: [{name: b}]}";
        slice("one", "IPv4", HTTP, endpoint("10.180.0.1", "", hintA), endpoint("10.180.1.1", "", hintB));
        assertThat(cluster(only())).containsExactly("10.180.0.1:8080");
        slice("one", "IPv4", HTTP, endpoint("10.180.0.1", "", hintA), endpoint("10.180.1.1", "", ""));
        assertThat(cluster(only())).hasSize(2);
        slice("one", "IPv4", HTTP, endpoint("10.180.0.1", "", hintB), endpoint("10.180.1.1", "", hintB));
        assertThat(cluster(only())).hasSize(2);
        // The hint of one that is not ready neither counts nor hinders.
        slice("one", "IPv4", HTTP, endpoint("10.180.0.1", "ready: false", hintA), endpoint("10.180.1.1", "", hintB));
        assertThat(cluster(only())).containsExactly("10.180.1.1:8080");
    }

    @Test
    void nodeHintsComeBeforeZoneHints() throws IOException {
        service("clusterIP: 172.30.0.41, trafficDistribution: PreferSameNode");
        slice(
                "one",
                "IPv4",
                HTTP,
                endpoint("10.180.0.1", "", ", hints: {forNodes: [{name: here}], forZones: [{name: a}]}"),
                endpoint("10.180.1.1", "", ", hints: {forNodes: [{name: there}], forZones: [{name: a}]}"));
        assertThat(cluster(only())).containsExactly("10.180.0.1:8080");
        slice(
                "one",
                "IPv4",
                HTTP,
                endpoint("10.180.0.1", "", ", hints: {forNodes: [{name: elsewhere}], forZones: [{name: a}]}"),
                endpoint("10.180.1.1", "", ", hints: {forNodes: [{name: there}], forZones: [{name: b}]}"));
        assertThat(cluster(only())).containsExactly("10.180.0.1:8080");
    }

    @Test
    void hintsDoNotBindPolicyLocal() throws IOException {
        service("type: NodePort, clusterIP: 172.30.0.41, externalTrafficPolicy: Local");
        slice(
                "one",
                "IPv4",
                HTTP,
                endpoint("10.180.0.1", "", ", nodeName: here, hints: {forZones: [{name: b}]}"),
                endpoint("10.180.1.1", "", ", nodeName: there, hints: {forZones: [{name: a}]}"));
        assertThat(cluster(only())).containsExactly("10.180.1.1:8080");
        assertThat(local(only())).containsExactly("10.180.0.1:8080");
    }

    @Test
    void hintsAreDerivedOnlyWhenTheConfigSaysSo() throws IOException {
        service("clusterIP: 172.30.0.41, trafficDistribution: PreferClose");
        slice("one", "IPv4", HTTP, endpoint("10.180.0.1", "", ", zone: a"), endpoint("10.180.1.1", "", ", zone: b"));
        assertThat(cluster(only())).hasSize(2);
        assertThat(cluster(only("services.deriveHints=true"))).containsExactly("10.180.0.1:8080");
    }

    @Test
    void policiesAffinityAndSourceRanges() throws IOException {
        service(
                "type: LoadBalancer, clusterIP: 172.30.0.41, externalTrafficPolicy: Local, internalTrafficPolicy: Local,"
                        + " sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}},"
                        + " loadBalancerSourceRanges: [10.0.0.0/8, ' 203.0.113.0/25', 'fd00::/8', nonsense]");
        final TranslatedServices services = translate();
        final ServiceSpec spec = services.spec().services().get(0);
        assertThat(spec.internalPolicy()).isEqualTo(TrafficPolicy.LOCAL);
        assertThat(spec.externalPolicy()).isEqualTo(TrafficPolicy.LOCAL);
        assertThat(spec.affinityTimeoutNs()).isEqualTo(60_000_000_000L);
        assertThat(spec.sourceRanges())
                .containsExactly(
                        IpPrefix.parse("10.0.0.0/8"), IpPrefix.parse("203.0.113.0/25"), IpPrefix.parse("0.0.0.0/32"));
        assertThat(services.warnings()).singleElement().asString().contains("nonsense");
    }

    @Test
    void affinityLastsThreeHoursByDefault() throws IOException {
        service("clusterIP: 172.30.0.41, sessionAffinity: ClientIP");
        assertThat(only().affinityTimeoutNs()).isEqualTo(10_800_000_000_000L);
    }

    @Test
    void externalPolicyOfAPureClusterIpServiceIsIgnored() throws IOException {
        service("clusterIP: 172.30.0.41, externalTrafficPolicy: Local");
        assertThat(only().externalPolicy()).isEqualTo(TrafficPolicy.CLUSTER);
    }

    @Test
    void schedulerByConfigAndAnnotation() throws IOException {
        service("clusterIP: 172.30.0.41");
        assertThat(only().scheduler()).isEqualTo(Scheduler.MAGLEV);
        assertThat(only("services.scheduler=round-robin").scheduler()).isEqualTo(Scheduler.ROUND_ROBIN);
        service(
                "metadata: {name: web, annotations: {weir.io/scheduler: least-connections}}",
                "clusterIP: 172.30.0.41",
                "");
        assertThat(only().scheduler()).isEqualTo(Scheduler.LEAST_CONNECTIONS);
        service("metadata: {name: web, annotations: {weir.io/scheduler: magic}}", "clusterIP: 172.30.0.41", "");
        assertThat(translate().warnings()).singleElement().asString().contains("magic");
    }

    @Test
    void healthCheckCountsReadyPodsHereOnce() throws IOException {
        service("type: LoadBalancer, clusterIP: 172.30.0.41, externalTrafficPolicy: Local, healthCheckNodePort: 30001");
        slice(
                "one",
                "IPv4",
                HTTP,
                ready("10.180.0.1", "here"),
                ready("10.180.1.1", "there"),
                endpoint("10.180.0.2", "ready: false, serving: true, terminating: true", ", nodeName: here"));
        slice("two", "IPv4", HTTP, ready("10.180.0.1", "here"));
        assertThat(translate().healthChecks())
                .containsExactly(new HealthCheckNodePort("default", "web", false, 30001, 1));
        service("type: LoadBalancer, clusterIP: 172.30.0.41, healthCheckNodePort: 30001");
        assertThat(translate().healthChecks()).isEmpty();
    }

    @Test
    void servicesWithoutLocalEndpointAreCounted() throws IOException {
        service("type: NodePort, clusterIP: 172.30.0.41, externalTrafficPolicy: Local");
        slice("one", "IPv4", HTTP, ready("10.180.1.1", "there"));
        assertThat(translate().noLocalExternal()).isEqualTo(1);
        assertThat(translate().noLocalInternal()).isZero();
    }

    @Test
    void rulesComeFromConfigAndNode() throws IOException {
        service("clusterIP: 172.30.0.41");
        final TranslatedServices services = translate("serviceCidrs=172.30.0.0/16", "services.masqueradeAll=true");
        assertThat(services.spec().rules().podRanges())
                .containsExactly(IpPrefix.parse("10.180.0.0/24"), IpPrefix.parse("fd00:10::/64"));
        assertThat(services.spec().rules().serviceRanges()).containsExactly(IpPrefix.parse("172.30.0.0/16"));
        assertThat(services.spec().rules().primaryAddresses())
                .containsExactly(IpAddress.parse("192.168.0.2"), IpAddress.parse("2001:db8::1"));
        assertThat(services.spec().rules().masqueradeAll()).isTrue();
        assertThat(translate("services.detectLocal=none").spec().rules().podRanges())
                .isEmpty();
        assertThat(translate("services.detectLocal=node-cidr", "podCidrs=10.180.0.0/25")
                        .spec()
                        .rules()
                        .podRanges())
                .containsExactly(IpPrefix.parse("10.180.0.0/25"));
    }

    @Test
    void anUnchangedServiceIsTheSameObjectAgain() throws IOException {
        service("clusterIP: 172.30.0.41");
        slice("one", "IPv4", HTTP, ready("10.180.0.1", "here"));
        final LoadedConfig loaded = ConfigDirectory.load(directory);
        final ServiceSpec first = translator
                .translate(loaded.cluster(), loaded.node())
                .spec()
                .services()
                .get(0);
        final ClusterState rebuilt = loaded.cluster().toBuilder().build();
        assertThat(translator
                        .translate(rebuilt, loaded.node())
                        .spec()
                        .services()
                        .get(0))
                .isSameAs(first);
    }

    @Test
    void incrementalTranslationEqualsAFreshOne() throws IOException {
        service("type: NodePort, clusterIP: 172.30.0.41, externalTrafficPolicy: Local");
        slice("one", "IPv4", HTTP, ready("10.180.0.1", "here"));
        slice("two", "IPv4", HTTP, ready("10.180.1.1", "there"));
        final List<ClusterState> history = new ArrayList<>();
        history.add(ConfigDirectory.load(directory).cluster());
        slice("two", "IPv4", HTTP, ready("10.180.1.2", "there"));
        history.add(ConfigDirectory.load(directory).cluster());
        history.add(without(history.get(1), history.get(1).endpointSlices().get("default/one")));
        history.add(without(history.get(2), history.get(2).services().get("default/web")));
        history.add(history.get(1));
        write("node.yaml", NODE.replace("192.168.0.2", "192.168.0.3"));
        history.add(ConfigDirectory.load(directory).cluster());
        history.add(history.get(0));
        final LoadedConfig loaded = ConfigDirectory.load(directory);
        for (final ClusterState state : history) {
            assertThat(translator.translate(state, loaded.node()))
                    .isEqualTo(new ServiceTranslator("here").translate(state, loaded.node()));
        }
    }

    private static ClusterState without(ClusterState state, @Nullable HasMetadata object) {
        assertThat(object).isNotNull();
        return object == null ? state : state.toBuilder().remove(object).build();
    }

    @Test
    void wrongFieldsAreReportedAndTheRestIsServed() throws IOException {
        // An API server's objects have passed its checks, not ours.
        service("clusterIP: 172.30.0.41");
        slice("one", "IPv4", HTTP, ready("10.180.0.1", "here"), ready("10.180.0.2", "here"));
        final LoadedConfig loaded = ConfigDirectory.load(directory);
        final ClusterState cluster = loaded.cluster();
        cluster.services().values().forEach(service -> service.getSpec().setExternalIPs(List.of("nowhere")));
        cluster.endpointSlices()
                .values()
                .forEach(slice -> slice.getEndpoints().get(1).setAddresses(List.of("fd00::1")));
        final TranslatedServices services = translator.translate(cluster, loaded.node());
        assertThat(services.warnings()).hasSize(2);
        assertThat(cluster(services.spec().services().get(0))).containsExactly("10.180.0.1:8080");
    }
}
