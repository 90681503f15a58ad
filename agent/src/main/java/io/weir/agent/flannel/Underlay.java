package io.weir.agent.flannel;

import io.weir.agent.config.InterfaceAddress;
import io.weir.dataplane.wire.IpAddress;
import java.util.List;

/**
 * The network between the nodes, as this node sees it.
 *
 * @param links addresses of the external interface with the networks on its link
 * @param mtu   the largest IP packet of the external interface, in bytes
 */
public record Underlay(List<InterfaceAddress> links, int mtu) {
    public Underlay {
        links = List.copyOf(links);
    }

    /** Whether the address is a neighbour, not behind a router. */
    boolean isOnLink(IpAddress address) {
        return links.stream().anyMatch(link -> link.network().contains(address));
    }
}
