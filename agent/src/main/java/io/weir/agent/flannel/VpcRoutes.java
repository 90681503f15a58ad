package io.weir.agent.flannel;

import io.weir.agent.config.VpcRouteTableConfig;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * VPC-route mode: no tunnels; each node's pod range is a route to that node's address in a table of limited size, as a
 * cloud's router has it. Control thread only.
 *
 * <p>A route that is in a table stays there as long as its node and its table do, so a newcomer never displaces a node; one
 * that does not fit is refused by name and tried again with every change. Tables can be added while all is running.
 */
public final class VpcRoutes {
    private Map<IpPrefix, String> tableOf = Map.of();

    /**
     * A node's pod range.
     *
     * @param node    the node's name
     * @param range   its pods' addresses
     * @param address the node's own
     */
    public record NodeRange(String node, IpPrefix range, IpAddress address) {}

    /**
     * What came out.
     *
     * @param routes   in the order of the nodes
     * @param refusals one sentence for each range that got no route
     */
    public record Outcome(List<FlannelRoute> routes, List<String> refusals) {
        public Outcome {
            routes = List.copyOf(routes);
            refusals = List.copyOf(refusals);
        }
    }

    /** Gives each range a place in a table. */
    public Outcome update(List<VpcRouteTableConfig> tables, List<NodeRange> ranges) {
        final Map<String, Integer> used = new HashMap<>();
        final Map<IpPrefix, String> next = new LinkedHashMap<>();
        for (final NodeRange range : ranges) {
            final String before = tableOf.get(range.range());
            for (final VpcRouteTableConfig table : tables) {
                if (table.name().equals(before) && takes(table, range.range()) && hasRoom(table, used)) {
                    place(range.range(), table, used, next);
                }
            }
        }
        final List<FlannelRoute> routes = new ArrayList<>();
        final List<String> refusals = new ArrayList<>();
        for (final NodeRange range : ranges) {
            if (!next.containsKey(range.range())) {
                final String refusal = find(tables, range, used, next);
                if (refusal != null) {
                    refusals.add(refusal);
                    continue;
                }
            }
            routes.add(new FlannelRoute(
                    range.range(), new FlannelRoute.Direct(range.address()), "vpc route of " + range.node()));
        }
        tableOf = next;
        return new Outcome(routes, refusals);
    }

    private static @Nullable String find(
            List<VpcRouteTableConfig> tables, NodeRange range, Map<String, Integer> used, Map<IpPrefix, String> next) {
        final StringBuilder full = new StringBuilder();
        for (final VpcRouteTableConfig table : tables) {
            if (!takes(table, range.range())) {
                continue;
            }
            if (hasRoom(table, used)) {
                place(range.range(), table, used, next);
                return null;
            }
            full.append(full.isEmpty() ? "" : ", ")
                    .append("table ")
                    .append(table.name())
                    .append(" is full with ")
                    .append(table.quota())
                    .append(" routes");
        }
        return "no route to the pods " + range.range() + " of node " + range.node() + ": "
                + (full.isEmpty() ? "no table takes this range; add it to podRanges of one" : full);
    }

    private static boolean takes(VpcRouteTableConfig table, IpPrefix range) {
        return table.podRanges().isEmpty()
                || table.podRanges().stream().anyMatch(pods -> pods.isIpv4() == range.isIpv4() && pods.contains(range));
    }

    private static boolean hasRoom(VpcRouteTableConfig table, Map<String, Integer> used) {
        return used.getOrDefault(table.name(), 0) < table.quota();
    }

    private static void place(
            IpPrefix range, VpcRouteTableConfig table, Map<String, Integer> used, Map<IpPrefix, String> next) {
        if (next.put(range, table.name()) == null) {
            used.merge(table.name(), 1, Integer::sum);
        }
    }
}
