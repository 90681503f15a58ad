package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.List;

/**
 * What holds for all Services of a node.
 *
 * @param podRanges        who is a pod of this cluster: others are hidden towards a cluster IP, and only pods escape an
 *                         external policy Local; in a family without a range nobody counts as pod or as stranger
 * @param serviceRanges    where cluster IPs come from; an address in them that no Service has is dropped
 * @param nodeAddresses    all addresses of this node: such senders are the node itself
 * @param primaryAddresses the node's main address of each family: source ranges that contain it let the node in by the
 *                         load balancer's address, too
 * @param masqueradeAll    hide every sender towards a cluster IP
 * @param directServerReturn a client from outside is answered by its backend's node where that node can do so
 * @param peerAddresses    where other nodes serve node ports: what comes from a tunnel for one of these was sent on by its
 *                         node, which has chosen a backend here
 */
public record ServiceRules(
        List<IpPrefix> podRanges,
        List<IpPrefix> serviceRanges,
        List<IpAddress> nodeAddresses,
        List<IpAddress> primaryAddresses,
        boolean masqueradeAll,
        boolean directServerReturn,
        List<IpAddress> peerAddresses) {
    public static final ServiceRules NONE = new ServiceRules(List.of(), List.of(), List.of(), List.of(), false);

    public ServiceRules {
        podRanges = List.copyOf(podRanges);
        serviceRanges = List.copyOf(serviceRanges);
        nodeAddresses = List.copyOf(nodeAddresses);
        primaryAddresses = List.copyOf(primaryAddresses);
        peerAddresses = List.copyOf(peerAddresses);
    }

    /** Without direct server return. */
    public ServiceRules(
            List<IpPrefix> podRanges,
            List<IpPrefix> serviceRanges,
            List<IpAddress> nodeAddresses,
            List<IpAddress> primaryAddresses,
            boolean masqueradeAll) {
        this(podRanges, serviceRanges, nodeAddresses, primaryAddresses, masqueradeAll, false, List.of());
    }
}
