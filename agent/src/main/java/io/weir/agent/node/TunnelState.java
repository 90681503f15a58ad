package io.weir.agent.node;

import io.weir.agent.flannel.FlannelPlan;
import io.weir.dataplane.flow.TunnelTally;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.worker.Worker;
import io.weir.vxlan.RemoteVtep;
import io.weir.vxlan.VxlanCompiler;
import io.weir.vxlan.VxlanNetwork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The other end of a tunnel as it is now.
 *
 * @param network of which it is an end
 * @param remote  who it is
 * @param way     how packets to its pods go
 * @param hop     the station on the link that tunnel packets are handed to; null when it is not known (yet)
 * @param totals  what was counted since weir started
 */
public record TunnelState(
        VxlanNetwork network,
        RemoteVtep remote,
        Way way,
        @Nullable MacAddress hop,
        TunnelTally.Totals totals) {
    /** How packets go to the pods of a node. */
    public enum Way {
        /** By the tunnel. */
        TUNNEL,
        /** By the tunnel, as soon as the station towards the node has told its Ethernet address. */
        RESOLVING,
        /** As they are: DirectRouting. The tunnel is still open for what the other node sends. */
        DIRECT,
        /** Not at all: the node is neither on a link nor behind a router. */
        NONE
    }

    /** All of a node's; control thread. */
    static List<TunnelState> all(
            @Nullable FlannelPlan plan, VxlanCompiler numbers, List<RouteSpec> routes, List<Worker> workers) {
        if (plan == null) {
            return List.of();
        }
        final Map<IpPrefix, RouteSpec.Target> targets = new HashMap<>();
        routes.forEach(route -> targets.put(route.prefix(), route.target()));
        final List<TunnelState> states = new ArrayList<>();
        for (final VxlanNetwork network : plan.vxlan().networks()) {
            for (final RemoteVtep remote : network.remotes()) {
                final int number = numbers.farEndOf(network, remote);
                final TunnelTally.Totals totals = number == 0
                        ? TunnelTally.Totals.ZERO
                        : workers.stream()
                                .map(worker -> worker.tunnels().read(number))
                                .reduce(TunnelTally.Totals.ZERO, TunnelTally.Totals::plus);
                final RouteSpec.Target target = targets.get(remote.subnet());
                states.add(new TunnelState(network, remote, way(target), hop(target), totals));
            }
        }
        return states;
    }

    private static Way way(RouteSpec.@Nullable Target target) {
        return switch (target) {
            case final RouteSpec.Via via -> (via.kind() & 0xFF) == AdjacencyTable.ETHERNET ? Way.DIRECT : Way.TUNNEL;
            case final RouteSpec.Tunnel _ -> Way.RESOLVING;
            case final RouteSpec.Gateway _ -> Way.DIRECT;
            case null, default -> Way.NONE;
        };
    }

    /** The first six bytes in front of a packet are the next station's address. */
    private static @Nullable MacAddress hop(RouteSpec.@Nullable Target target) {
        if (!(target instanceof final RouteSpec.Via via)) {
            return null;
        }
        long bits = 0;
        for (int i = 0; i < MacAddress.LENGTH; i++) {
            bits = (bits << 8) | (via.header()[i] & 0xFF);
        }
        return new MacAddress(bits);
    }
}
