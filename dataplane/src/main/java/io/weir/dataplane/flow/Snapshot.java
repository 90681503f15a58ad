package io.weir.dataplane.flow;

import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.RouteTable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a worker decides by, as of one epoch: immutable, published by the conductor with one pointer swap.
 *
 * @param epoch       number of this snapshot; compare with {@link VersionSlots#isAfter}
 * @param pipeline    the stages with their tables
 * @param ingresses   by port id; null where there is no such port
 * @param routes      for answers, which are routed without the pipeline
 * @param adjacencies shared by all snapshots; entries that this one leads to do not change
 * @param slots       shared by all snapshots
 * @param tunnels     takes tunnels off what arrives at uplinks; null: there are none
 * @param tracker     told about cached packets
 */
public record Snapshot(
        int epoch,
        Pipeline pipeline,
        List<@Nullable Ingress> ingresses,
        RouteTable routes,
        AdjacencyTable adjacencies,
        VersionSlots slots,
        @Nullable TunnelTermination tunnels,
        ConnectionTracker tracker) {}
