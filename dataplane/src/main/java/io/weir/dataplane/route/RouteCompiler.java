package io.weir.dataplane.route;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns route specs into route tables, and knows what a change touches: a new route concerns the flows that used the route
 * around it, a changed or removed one those that used it. Conductor thread only.
 */
public final class RouteCompiler {
    private final AdjacencyTable adjacencies;
    private final VersionSlots slots;
    private final int noRouteSlot;
    private final Map<IpPrefix, RouteSpec> specs = new HashMap<>();
    private final Map<RouteSpec.Via, SharedAdjacency> shared = new HashMap<>();
    private PrefixTrie<Route> trie = PrefixTrie.empty();

    private static final class SharedAdjacency {
        final int index;
        int users;

        SharedAdjacency(int index) {
            this.index = index;
        }
    }

    public RouteCompiler(AdjacencyTable adjacencies, VersionSlots slots) {
        this.adjacencies = adjacencies;
        this.slots = slots;
        noRouteSlot = slots.allocate();
    }

    /** The table as of the last change. */
    public RouteTable table() {
        return new RouteTable(trie, noRouteSlot);
    }

    /** Makes the routes be exactly these. Where two have one prefix, the later wins. */
    public RouteTable compile(Collection<RouteSpec> wanted, Changes changes) {
        final Map<IpPrefix, RouteSpec> next = HashMap.newHashMap(wanted.size());
        for (final RouteSpec spec : wanted) {
            next.put(spec.prefix(), spec);
        }
        for (final RouteSpec spec : List.copyOf(specs.values())) {
            if (!next.containsKey(spec.prefix())) {
                remove(spec.prefix(), changes);
            }
        }
        for (final RouteSpec spec : next.values()) {
            put(spec, changes);
        }
        return table();
    }

    /** Adds or replaces one route. */
    public RouteTable put(RouteSpec spec, Changes changes) {
        final RouteSpec before = specs.put(spec.prefix(), spec);
        if (spec.equals(before)) {
            return table();
        }
        final Route old = trie.get(spec.prefix());
        final Route route = route(spec, old);
        if (old != null) {
            changes.touch(old.slot());
            releaseAdjacency(before, changes);
        } else {
            final Route covering = trie.findCovering(spec.prefix());
            changes.touch(covering == null ? noRouteSlot : covering.slot());
        }
        trie = trie.put(spec.prefix(), route);
        return table();
    }

    /** Removes one route, if it is there. */
    public RouteTable remove(IpPrefix prefix, Changes changes) {
        final RouteSpec spec = specs.remove(prefix);
        final Route old = trie.get(prefix);
        if (spec != null && old != null) {
            trie = trie.remove(prefix);
            changes.release(old.slot());
            releaseAdjacency(spec, changes);
        }
        return table();
    }

    private Route route(RouteSpec spec, @Nullable Route old) {
        final int slot = old != null ? old.slot() : slots.allocate();
        return switch (spec.target()) {
            case RouteSpec.Via via ->
                new Route(
                        spec.prefix(),
                        Route.Kind.FORWARD,
                        acquireAdjacency(via),
                        via.port(),
                        via.mtu(),
                        slot,
                        spec.origin());
            case RouteSpec.Link link ->
                new Route(spec.prefix(), Route.Kind.RESOLVE, -1, link.port(), link.mtu(), slot, spec.origin());
            case RouteSpec.Gateway gateway ->
                new Route(
                        spec.prefix(),
                        Route.Kind.RESOLVE,
                        -1,
                        gateway.port(),
                        gateway.mtu(),
                        slot,
                        spec.origin(),
                        gateway.address());
            case RouteSpec.Tunnel tunnel ->
                new Route(
                        spec.prefix(),
                        Route.Kind.RESOLVE,
                        -1,
                        tunnel.port(),
                        tunnel.mtu(),
                        slot,
                        spec.origin(),
                        tunnel.gateway());
            case RouteSpec.End end -> new Route(spec.prefix(), end.kind(), -1, -1, 0, slot, spec.origin());
        };
    }

    private int acquireAdjacency(RouteSpec.Via via) {
        final SharedAdjacency adjacency = shared.computeIfAbsent(
                via, key -> new SharedAdjacency(adjacencies.add(key.port(), key.kind(), key.mtu(), key.header())));
        adjacency.users++;
        return adjacency.index;
    }

    private void releaseAdjacency(@Nullable RouteSpec before, Changes changes) {
        if (before != null && before.target() instanceof final RouteSpec.Via via) {
            final SharedAdjacency adjacency = shared.get(via);
            if (adjacency != null && --adjacency.users == 0) {
                shared.remove(via);
                changes.whenPassed(() -> adjacencies.remove(adjacency.index));
            }
        }
    }
}
