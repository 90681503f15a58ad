package io.weir.dataplane.answer;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.PrefixTrie;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The conductor's knowledge of neighbours: turns the routes that are configured into those that packets follow. A station
 * on a link gets a host route with its Ethernet address as soon as that is known, and routes by a gateway lead to the
 * gateway's.
 *
 * <p>Only neighbours that packets or routes ask for are learned, so nobody can claim an address that is not on his link.
 * A known neighbour is asked now and then whether it is still there, and forgotten when it does not answer (RFC 1122
 * section 2.3.2.1). Conductor thread only:
 *
 * <pre>{@code
 * neighbours.configured(routes);                       // when the configuration changes
 * if (neighbours.poll(nowNs) || configurationChanged) {
 *     publish(routeCompiler.compile(neighbours.routes(), changes));
 *     neighbours.published();
 * }
 * }</pre>
 */
public final class Neighbours {
    private static final int EVENTS_PER_POLL = 256;
    private static final long PROBE_INTERVAL_NS = 1_000_000_000L;

    /** A neighbour that was wanted and not found is forgotten after this time. */
    private static final long WANTED_NS = 10_000_000_000L;

    private final NeighbourSettings settings;
    private final NeighbourEvents events;
    private final IntFunction<@Nullable Ingress> ingressOf;
    private final NeighbourWorkers workers;
    private final Map<Key, Entry> entries = new HashMap<>();
    private final EventReader reader = new EventReader();
    private List<RouteSpec> configured = List.of();
    private PrefixTrie<RouteSpec> byPrefix = PrefixTrie.empty();
    private long nowNs;
    private boolean changed;
    private long refused;

    private record Key(int port, IpAddress address) {}

    private static final class Entry {
        @Nullable
        MacAddress mac;

        boolean fixed;
        int tries;
        long dueNs;
    }

    /** What the workers report, as method calls on the conductor's thread. */
    private final class EventReader implements NeighbourEvents.Reader {
        @Override
        public void onWanted(int port, long high, long low) {
            wanted(new Key(port, new IpAddress(high, low)));
        }

        @Override
        public void onHeard(int port, long high, long low, long mac) {
            heard(new Key(port, new IpAddress(high, low)), new MacAddress(mac));
        }
    }

    /**
     * @param settings  times and limits
     * @param events    what the workers report
     * @param ingressOf ports by id; null where there is none
     * @param workers   to ask by
     */
    public Neighbours(
            NeighbourSettings settings,
            NeighbourEvents events,
            IntFunction<@Nullable Ingress> ingressOf,
            NeighbourWorkers workers) {
        this.settings = settings;
        this.events = events;
        this.ingressOf = ingressOf;
        this.workers = workers;
    }

    /** Neighbours that need not be asked for; replaces those of the last call. */
    public void fixed(Collection<NeighbourSpec> neighbours) {
        entries.values().removeIf(entry -> entry.fixed);
        for (final NeighbourSpec neighbour : neighbours) {
            final Entry entry = new Entry();
            entry.mac = neighbour.mac();
            entry.fixed = true;
            entries.put(new Key(neighbour.port(), neighbour.address()), entry);
        }
        changed = true;
    }

    /** The routes of the configuration; later ones win over earlier ones of the same prefix. */
    public void configured(Collection<RouteSpec> routes) {
        configured = List.copyOf(routes);
        PrefixTrie<RouteSpec> trie = PrefixTrie.empty();
        for (final RouteSpec route : routes) {
            trie = trie.put(route.prefix(), route);
            if (route.target() instanceof final RouteSpec.Gateway gateway) {
                askAhead(new Key(gateway.port(), gateway.address()));
            } else if (route.target() instanceof final RouteSpec.Tunnel tunnel) {
                askAhead(new Key(tunnel.port(), tunnel.gateway()));
            }
        }
        byPrefix = trie;
        changed = true;
    }

    /** So that the first packet need not wait. */
    private void askAhead(Key key) {
        if (!entries.containsKey(key) && wanted(key)) {
            workers.probe(key.port, key.address, null);
        }
    }

    /** Takes in what the workers have reported, and asks for what has not been heard of for long; true: publish. */
    public boolean poll(long now) {
        nowNs = now;
        events.drain(reader, EVENTS_PER_POLL);
        final Iterator<Map.Entry<Key, Entry>> all = entries.entrySet().iterator();
        while (all.hasNext()) {
            final Map.Entry<Key, Entry> next = all.next();
            final Entry entry = next.getValue();
            if (entry.fixed || nowNs - entry.dueNs < 0) {
                continue;
            }
            final MacAddress mac = entry.mac;
            if (mac == null || entry.tries == settings.probes()) {
                changed |= mac != null;
                all.remove();
            } else {
                entry.tries++;
                entry.dueNs = nowNs + PROBE_INTERVAL_NS;
                workers.probe(next.getKey().port, next.getKey().address, mac);
            }
        }
        return changed;
    }

    private boolean wanted(Key key) {
        if (entries.containsKey(key)) {
            return true;
        }
        if (entries.size() >= settings.capacity()) {
            refused++;
            return false;
        }
        final Entry entry = new Entry();
        entry.dueNs = nowNs + WANTED_NS;
        entries.put(key, entry);
        return true;
    }

    private void heard(Key key, MacAddress mac) {
        final Entry entry = entries.get(key);
        if (entry == null || entry.fixed) {
            return;
        }
        if (!mac.equals(entry.mac)) {
            entry.mac = mac;
            changed = true;
        }
        entry.tries = 0;
        entry.dueNs = nowNs + settings.reachableSeconds() * 1_000_000_000L;
    }

    /** The routes that packets follow: the configured ones, and those to known neighbours. */
    public List<RouteSpec> routes() {
        final List<RouteSpec> routes = new ArrayList<>(configured.size() + entries.size());
        for (final RouteSpec route : configured) {
            routes.add(resolved(route));
        }
        entries.forEach((key, entry) -> {
            final RouteSpec link = byPrefix.find(key.address.high(), key.address.low());
            final MacAddress mac = entry.mac;
            if (mac != null
                    && link != null
                    && link.target() instanceof final RouteSpec.Link onLink
                    && onLink.port() == key.port) {
                final RouteSpec.Target via = via(key.port, onLink.mtu(), mac, key.address.isIpv4());
                if (via != null) {
                    routes.add(new RouteSpec(IpPrefix.host(key.address), via, "neighbour " + mac));
                }
            }
        });
        return routes;
    }

    private RouteSpec resolved(RouteSpec route) {
        if (route.target() instanceof final RouteSpec.Gateway gateway) {
            final Entry entry = entries.get(new Key(gateway.port(), gateway.address()));
            final MacAddress mac = entry == null ? null : entry.mac;
            final RouteSpec.Target via = mac == null
                    ? null
                    : via(gateway.port(), gateway.mtu(), mac, route.prefix().isIpv4());
            return via == null ? route : new RouteSpec(route.prefix(), via, route.origin());
        }
        if (route.target() instanceof final RouteSpec.Tunnel tunnel) {
            final MacAddress mac = find(tunnel.port(), tunnel.gateway());
            final Ingress ingress = ingressOf.apply(tunnel.port());
            return mac == null || ingress == null
                    ? route
                    : new RouteSpec(route.prefix(), tunnel.resolved(ingress.mac(), mac), route.origin());
        }
        return route;
    }

    private RouteSpec.@Nullable Via via(int port, int mtu, MacAddress mac, boolean isIpv4) {
        final Ingress ingress = ingressOf.apply(port);
        if (ingress == null) {
            return null;
        }
        final byte[] header = new byte[14];
        System.arraycopy(mac.toBytes(), 0, header, 0, MacAddress.LENGTH);
        System.arraycopy(ingress.mac().toBytes(), 0, header, 6, MacAddress.LENGTH);
        header[12] = (byte) (isIpv4 ? 0x08 : 0x86);
        header[13] = (byte) (isIpv4 ? 0x00 : 0xDD);
        return new RouteSpec.Via(port, AdjacencyTable.ETHERNET, mtu, header);
    }

    /** The last {@link #routes} are published. */
    public void published() {
        changed = false;
    }

    /** The Ethernet address of a neighbour, or null when it is not known. */
    public @Nullable MacAddress find(int port, IpAddress address) {
        final Entry entry = entries.get(new Key(port, address));
        return entry == null ? null : entry.mac;
    }

    /** Neighbours that are known or asked for. */
    public int size() {
        return entries.size();
    }

    /** Neighbours that were not asked for because of {@link NeighbourSettings#capacity()}. */
    public long refused() {
        return refused;
    }
}
