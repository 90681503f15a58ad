package io.weir.lb;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever came before, a table answers as one that was compiled from nothing. */
class IncrementalCompilePropertyTest {
    private static final List<String> SOURCES = List.of("10.0.0.1", "10.9.9.9", "192.168.0.2", "203.0.113.7");

    @Property(tries = 150)
    void incrementalEqualsFresh(@ForAll("histories") List<List<ServiceSpec>> history, @ForAll boolean isDirect) {
        try (ServiceScene incremental = new ServiceScene();
                ServiceScene fresh = new ServiceScene()) {
            final ServiceRules rules = new ServiceRules(
                    ServiceScene.prefixes("10.0.0.0/8"),
                    ServiceScene.prefixes("172.30.0.0/16"),
                    List.of(ServiceScene.ip("192.168.0.2")),
                    List.of(ServiceScene.ip("192.168.0.2")),
                    false);
            final ServiceRules direct = new ServiceRules(
                    rules.podRanges(),
                    rules.serviceRanges(),
                    rules.nodeAddresses(),
                    rules.primaryAddresses(),
                    false,
                    true,
                    List.of(ServiceScene.ip("192.168.0.3")));
            fresh.rules = isDirect ? direct : rules;
            for (int i = 0; i < history.size(); i++) {
                // the last is as the fresh one's, those before change to and fro
                incremental.rules = (history.size() - 1 - i) % 2 == 0 == isDirect ? direct : rules;
                final List<ServiceSpec> services = history.get(i);
                incremental.serve(services.toArray(new ServiceSpec[0]));
            }
            fresh.serve(history.get(history.size() - 1).toArray(new ServiceSpec[0]));
            assertThat(answers(incremental)).isEqualTo(answers(fresh));
            assertThat(incremental.stage.table().conflicts())
                    .isEqualTo(fresh.stage.table().conflicts());
            assertThat(incremental.states.inUse()).isEqualTo(fresh.states.inUse());
        }
    }

    private static Map<String, String> answers(ServiceScene scene) {
        final Map<String, String> answers = new TreeMap<>();
        for (int address = 1; address <= 7; address++) {
            scene.scope = address == 7 ? 0x8001 : 1; // a node port of another node, by the tunnel
            for (final String vip :
                    address == 7 ? List.of("192.168.0.3") : List.of("172.30.0." + address, "1.2.3." + address)) {
                for (final String source : SOURCES) {
                    for (int port = 80; port <= 82; port++) {
                        for (int sourcePort = 1000; sourcePort < 1004; sourcePort++) {
                            answers.put(
                                    source + ":" + sourcePort + " to " + vip + ":" + port,
                                    scene.outcome(ServiceScene.TCP, source, sourcePort, vip, port));
                        }
                    }
                }
            }
        }
        return answers;
    }

    @Provide
    Arbitrary<List<List<ServiceSpec>>> histories() {
        return services().list().ofMinSize(1).ofMaxSize(6);
    }

    private static Arbitrary<List<ServiceSpec>> services() {
        return Combinators.combine(
                        Arbitraries.integers().between(1, 6),
                        addresses(),
                        backends(),
                        Arbitraries.of(TrafficPolicy.class),
                        Arbitraries.of(TrafficPolicy.class),
                        Arbitraries.of(Scheduler.MAGLEV, Scheduler.SOURCE_HASH),
                        Arbitraries.of(0, 251, 1021),
                        Arbitraries.of(ServiceScene.prefixes(), ServiceScene.prefixes("192.168.0.0/16")))
                .as((name, addresses, backends, internal, external, scheduler, size, ranges) -> new ServiceSpec(
                        ServiceScene.key("s" + name),
                        ServiceScene.TCP,
                        addresses,
                        backends,
                        internal,
                        external,
                        scheduler,
                        size,
                        0,
                        ranges))
                .list()
                .uniqueElements(ServiceSpec::key)
                .ofMaxSize(5);
    }

    private static Arbitrary<List<VirtualAddress>> addresses() {
        final Arbitrary<VirtualAddress> any = Combinators.combine(
                        Arbitraries.of(AddressKind.class),
                        Arbitraries.integers().between(1, 6),
                        Arbitraries.integers().between(80, 82))
                .as((kind, number, port) -> new VirtualAddress(
                        ServiceScene.ip((kind == AddressKind.CLUSTER_IP ? "172.30.0." : "1.2.3.") + number),
                        port,
                        kind));
        return any.list().ofMinSize(1).ofMaxSize(4);
    }

    private static Arbitrary<List<BackendSpec>> backends() {
        final Arbitrary<BackendSpec> any = Combinators.combine(
                        Arbitraries.integers().between(1, 9),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.of(true, false),
                        Arbitraries.of(true, false),
                        Arbitraries.of(BackendPlace.class))
                .as((number, weight, cluster, local, place) -> new BackendSpec(
                        ServiceScene.ip("10.0.0." + number),
                        8080,
                        weight,
                        cluster,
                        local,
                        EndpointState.READY,
                        "",
                        "",
                        place));
        return any.list().uniqueElements(BackendSpec::address).ofMaxSize(7).map(ArrayList::new);
    }
}
