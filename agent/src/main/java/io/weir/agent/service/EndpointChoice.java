package io.weir.agent.service;

import io.weir.lb.BackendPlace;
import io.weir.lb.BackendSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which endpoints of a Service port traffic of policy Cluster and of policy Local may use, as kube-proxy chooses them:
 * ready ones (for Cluster those that the topology hints name), or where no endpoint is ready, those that still serve while
 * they terminate.
 */
final class EndpointChoice {
    private EndpointChoice() {}

    static List<BackendSpec> backends(List<KnownEndpoint> endpoints, ServiceSurroundings node) {
        final Predicate<KnownEndpoint> hinted = hinted(endpoints, node);
        final boolean anyReady = endpoints.stream().anyMatch(KnownEndpoint::ready);
        final boolean anyReadyHere =
                endpoints.stream().anyMatch(each -> each.ready() && each.node().equals(node.nodeName()));
        final List<BackendSpec> backends = new ArrayList<>(endpoints.size());
        for (final KnownEndpoint endpoint : endpoints) {
            final boolean isHere = endpoint.node().equals(node.nodeName());
            backends.add(new BackendSpec(
                    endpoint.address(),
                    endpoint.port(),
                    1,
                    anyReady ? endpoint.ready() && hinted.test(endpoint) : endpoint.isServingTerminating(),
                    isHere && (anyReadyHere ? endpoint.ready() : endpoint.isServingTerminating()),
                    endpoint.state(),
                    endpoint.node(),
                    endpoint.target(),
                    isHere ? BackendPlace.HERE : place(endpoint, node)));
        }
        return backends;
    }

    private static BackendPlace place(KnownEndpoint endpoint, ServiceSurroundings node) {
        return node.peers().take(endpoint.node(), endpoint.address().isIpv6())
                ? BackendPlace.PEER
                : BackendPlace.ELSEWHERE;
    }

    /**
     * Hints count only when every ready endpoint has one and some endpoint is meant for this node, or else its zone: so
     * nobody is left without an endpoint, and nobody is sent too much while hints are half written.
     */
    private static Predicate<KnownEndpoint> hinted(List<KnownEndpoint> endpoints, ServiceSurroundings node) {
        final List<KnownEndpoint> ready =
                endpoints.stream().filter(KnownEndpoint::ready).toList();
        final boolean allForNodes =
                ready.stream().noneMatch(each -> each.nodeHints().isEmpty());
        if (allForNodes && ready.stream().anyMatch(each -> each.nodeHints().contains(node.nodeName()))) {
            return each -> each.nodeHints().contains(node.nodeName());
        }
        final boolean allForZones =
                ready.stream().noneMatch(each -> each.zoneHints().isEmpty());
        if (allForZones && ready.stream().anyMatch(each -> each.zoneHints().contains(node.zone()))) {
            return each -> each.zoneHints().contains(node.zone());
        }
        return _ -> true;
    }

    /** The hints that the EndpointSlice controller would have written for {@code spec.trafficDistribution}. */
    static List<KnownEndpoint> withDerivedHints(List<KnownEndpoint> endpoints, String trafficDistribution) {
        final boolean hasHints = endpoints.stream()
                .anyMatch(
                        each -> !each.zoneHints().isEmpty() || !each.nodeHints().isEmpty());
        if (hasHints) {
            return endpoints;
        }
        final boolean byNode = trafficDistribution.equals("PreferSameNode");
        final boolean byZone =
                byNode || trafficDistribution.equals("PreferSameZone") || trafficDistribution.equals("PreferClose");
        return endpoints.stream()
                .map(each -> each.withHints(
                        byZone && !each.zone().isEmpty() ? Set.of(each.zone()) : Set.of(),
                        byNode && !each.node().isEmpty() ? Set.of(each.node()) : Set.of()))
                .toList();
    }
}
