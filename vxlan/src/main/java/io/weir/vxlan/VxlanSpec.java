package io.weir.vxlan;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * All overlay networks of this node.
 *
 * @param networks no two end at the same address and port with the same VNI
 */
public record VxlanSpec(List<VxlanNetwork> networks) {
    public static final VxlanSpec EMPTY = new VxlanSpec(List.of());

    /** A packet's scope tells its network in 12 bits. */
    public static final int MAX_NETWORKS = 4096;

    public VxlanSpec {
        networks = List.copyOf(networks);
        if (networks.size() > MAX_NETWORKS) {
            throw new IllegalArgumentException(networks.size() + " networks are more than " + MAX_NETWORKS);
        }
        final Set<List<Object>> ends = new HashSet<>();
        for (final VxlanNetwork network : networks) {
            if (!ends.add(List.of(network.localAddress(), network.port(), network.vni()))) {
                throw new IllegalArgumentException(network.name() + ": another network ends at "
                        + network.localAddress() + " port " + network.port() + " with VNI " + network.vni());
            }
        }
    }
}
