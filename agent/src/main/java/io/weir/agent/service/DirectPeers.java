package io.weir.agent.service;

import io.fabric8.kubernetes.api.model.Node;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.agent.flannel.FlannelRoute;
import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The other nodes that take part in direct server return: each says so by an annotation of its Node object, which its weir
 * writes. Packets are sent on to such a node as they are only where the way to its pods is a tunnel: on a plain link, the node
 * could not tell them from what a client sent to it.
 *
 * @param ipv4      names of the nodes that take packets of IPv4
 * @param ipv6      names of the nodes that take packets of IPv6
 * @param addresses where these and the others that are annotated serve node ports
 */
public record DirectPeers(Set<String> ipv4, Set<String> ipv6, List<IpAddress> addresses) {
    /**
     * The annotation. Its value: the addresses at which the node serves node ports, with commas between them; an empty value is
     * a node that serves none.
     */
    public static final String ANNOTATION = "weir.io/direct-server-return";

    static final DirectPeers NONE = new DirectPeers(Set.of(), Set.of(), List.of());

    public DirectPeers {
        ipv4 = Set.copyOf(ipv4);
        ipv6 = Set.copyOf(ipv6);
        addresses = List.copyOf(addresses);
    }

    /** The value of the annotation of a node with these addresses. */
    public static String annotation(List<IpAddress> nodePortAddresses) {
        return String.join(
                ",",
                nodePortAddresses.stream().map(IpAddress::toString).sorted().toList());
    }

    /**
     * Of all other nodes.
     *
     * @param plan the tunnels; null where there are none
     */
    static DirectPeers of(String nodeName, Map<String, Node> nodes, @Nullable FlannelPlan plan) {
        final Set<Way> tunnelled = tunnelled(plan);
        final Set<String> ipv4 = new TreeSet<>();
        final Set<String> ipv6 = new TreeSet<>();
        final Set<IpAddress> addresses = new TreeSet<>();
        new TreeMap<>(nodes).forEach((name, node) -> {
            final Map<String, String> annotations = node.getMetadata().getAnnotations();
            final String value = annotations == null ? null : annotations.get(ANNOTATION);
            if (name.equals(nodeName) || value == null) {
                return;
            }
            Arrays.stream(value.split(",", -1))
                    .flatMap(text -> ServiceSurroundings.parse(text).stream())
                    .forEach(addresses::add);
            for (final boolean isIpv6 : new boolean[] {false, true}) {
                if (isReachedByTunnel(node, isIpv6, tunnelled)) {
                    (isIpv6 ? ipv6 : ipv4).add(name);
                }
            }
        });
        return new DirectPeers(ipv4, ipv6, new ArrayList<>(addresses));
    }

    /** The way by a tunnel to pods of one family: their range, or the node's address. */
    private record Way(boolean isIpv6, Object end) {}

    /** A Node object need not have the range that flannel leased; then its address tells which lease it has. */
    private static boolean isReachedByTunnel(Node node, boolean isIpv6, Set<Way> tunnelled) {
        return ServiceSurroundings.podRanges(node).stream()
                        .anyMatch(range -> tunnelled.contains(new Way(isIpv6, range)))
                || ServiceSurroundings.internalAddresses(node).stream()
                        .anyMatch(address -> tunnelled.contains(new Way(isIpv6, address)));
    }

    private static Set<Way> tunnelled(@Nullable FlannelPlan plan) {
        final Set<Way> ways = new HashSet<>();
        for (final FlannelRoute route :
                Optional.ofNullable(plan).map(FlannelPlan::routes).orElse(List.of())) {
            if (route.way() instanceof final FlannelRoute.Tunnelled tunnel) {
                ways.add(new Way(!route.prefix().isIpv4(), route.prefix()));
                ways.add(new Way(!route.prefix().isIpv4(), tunnel.underlay()));
            }
        }
        return ways;
    }

    /** Whether the node takes packets of the family. */
    boolean take(String node, boolean isIpv6) {
        return (isIpv6 ? ipv6 : ipv4).contains(node);
    }
}
