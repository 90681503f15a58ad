package io.weir.dataplane.route;

import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Routes by longest prefix, IPv4 and IPv6: an immutable value. */
public final class RouteTable {
    private final PrefixTrie<Route> trie;
    private final int noRouteSlot;

    /**
     * @param trie        the routes
     * @param noRouteSlot version slot that stands for the absence of a route
     */
    public RouteTable(PrefixTrie<Route> trie, int noRouteSlot) {
        this.trie = trie;
        this.noRouteSlot = noRouteSlot;
    }

    /** The route of the longest matching prefix, or null. */
    public @Nullable Route find(long high, long low) {
        return trie.find(high, low);
    }

    /** The route of exactly this prefix, or null. */
    public @Nullable Route get(IpPrefix prefix) {
        return trie.get(prefix);
    }

    /** What a decision depends on when no route was found. */
    public int noRouteSlot() {
        return noRouteSlot;
    }

    public int size() {
        return trie.size();
    }

    /** All routes, IPv4 first; a copy. */
    public List<Route> routes() {
        final List<Route> routes = new ArrayList<>(trie.size());
        trie.forEach((prefix, route) -> routes.add(route));
        return routes;
    }

    PrefixTrie<Route> trie() {
        return trie;
    }
}
