package io.weir.agent.service;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.ForNode;
import io.fabric8.kubernetes.api.model.discovery.v1.ForZone;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.EndpointState;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint of one Service port as an EndpointSlice says it, with the defaults of absent conditions filled in.
 *
 * @param node      empty when unknown
 * @param zone      empty when unknown
 * @param zoneHints zones that should use it
 * @param nodeHints nodes that should use it
 * @param target    {@code namespace/pod}, or empty
 */
record KnownEndpoint(
        IpAddress address,
        int port,
        boolean ready,
        boolean serving,
        boolean terminating,
        String node,
        String zone,
        Set<String> zoneHints,
        Set<String> nodeHints,
        String target) {

    /** @param publishNotReady {@code spec.publishNotReadyAddresses}: every endpoint counts as ready */
    static KnownEndpoint of(Endpoint endpoint, IpAddress address, int port, boolean publishNotReady) {
        final EndpointConditions conditions = endpoint.getConditions();
        return new KnownEndpoint(
                address,
                port,
                publishNotReady || conditions == null || isTrueOrAbsent(conditions.getReady()),
                publishNotReady || conditions == null || isTrueOrAbsent(conditions.getServing()),
                conditions != null && Boolean.TRUE.equals(conditions.getTerminating()),
                textOf(endpoint.getNodeName()),
                textOf(endpoint.getZone()),
                zoneHints(endpoint),
                nodeHints(endpoint),
                target(endpoint.getTargetRef()));
    }

    private static boolean isTrueOrAbsent(@Nullable Boolean value) {
        return value == null || value;
    }

    private static String textOf(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static Set<String> zoneHints(Endpoint endpoint) {
        final List<ForZone> hints =
                endpoint.getHints() == null ? null : endpoint.getHints().getForZones();
        return hints == null
                ? Set.of()
                : hints.stream().map(hint -> textOf(hint.getName())).collect(Collectors.toUnmodifiableSet());
    }

    private static Set<String> nodeHints(Endpoint endpoint) {
        final List<ForNode> hints =
                endpoint.getHints() == null ? null : endpoint.getHints().getForNodes();
        return hints == null
                ? Set.of()
                : hints.stream().map(hint -> textOf(hint.getName())).collect(Collectors.toUnmodifiableSet());
    }

    private static String target(@Nullable ObjectReference reference) {
        if (reference == null || reference.getName() == null) {
            return "";
        }
        return reference.getNamespace() == null
                ? reference.getName()
                : reference.getNamespace() + "/" + reference.getName();
    }

    /** Its pod is going away and still answers: the last resort of KEP-1669. */
    boolean isServingTerminating() {
        return serving && terminating;
    }

    /** Ready is best, then serving while it terminates. */
    int usefulness() {
        return ready ? 2 : isServingTerminating() ? 1 : 0;
    }

    EndpointState state() {
        return terminating ? EndpointState.TERMINATING : ready ? EndpointState.READY : EndpointState.NOT_READY;
    }

    KnownEndpoint withHints(Set<String> zones, Set<String> nodes) {
        return new KnownEndpoint(address, port, ready, serving, terminating, node, zone, zones, nodes, target);
    }
}
