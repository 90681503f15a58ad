package io.weir.policy.analysis;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.SubjectPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Someone who talks or is talked to.
 *
 * @param namespace a pod's; empty for who is no pod
 * @param name      a pod's {@code namespace/name}, a block of addresses, or {@link #ELSEWHERE}
 * @param addresses its addresses, or for a block one that stands for it
 */
public record Party(String namespace, String name, List<IpAddress> addresses) {
    /** All addresses that no policy mentions and no pod has. */
    public static final String ELSEWHERE = "elsewhere";

    /** Within the ranges for documentation (RFC 5737, RFC 3849), nobody's; then any others, if policies mention those. */
    private static final List<IpAddress> STRANGERS = List.of(
            IpAddress.parse("192.0.2.1"),
            IpAddress.parse("198.51.100.1"),
            IpAddress.parse("203.0.113.1"),
            IpAddress.parse("8.0.0.1"),
            IpAddress.parse("93.0.0.1"),
            IpAddress.parse("202.0.0.1"),
            IpAddress.parse("2001:db8::1"),
            IpAddress.parse("2a00::1"),
            IpAddress.parse("3fff::1"));

    public static Party of(PodSpec pod) {
        return new Party(pod.namespace(), pod.key(), pod.addresses());
    }

    /** Its name within its namespace. */
    public String shortName() {
        return namespace.isEmpty() ? name : name.substring(namespace.length() + 1);
    }

    /** The pods in these namespaces, by namespace and name; no namespaces mean all. */
    public static List<Party> pods(PolicySpec spec, Set<String> namespaces) {
        return spec.pods().stream()
                .filter(pod -> namespaces.isEmpty() || namespaces.contains(pod.namespace()))
                .map(Party::of)
                .sorted(Comparator.comparing(Party::namespace).thenComparing(Party::name))
                .toList();
    }

    /** One party for each block that a policy mentions, or leaves out, as far as it holds more than pods; and the rest. */
    public static List<Party> outside(PolicySpec... specs) {
        final Set<IpAddress> taken = new HashSet<>();
        final Set<String> blocks = new TreeSet<>();
        for (final PolicySpec spec : specs) {
            spec.pods().forEach(pod -> taken.addAll(pod.addresses()));
            final Stream<SubjectPolicy> policies =
                    Stream.concat(spec.networkPolicies().stream(), spec.clusterPolicies().stream());
            policies.forEach(policy -> addBlocks(policy, blocks));
        }
        final List<Party> parties = new ArrayList<>();
        for (final String block : blocks) {
            final IpPrefix prefix = IpPrefix.parse(block);
            final IpAddress address = freeAddress(prefix, taken);
            if (prefix.length() > 0 && address != null) {
                parties.add(new Party("", block, List.of(address)));
            }
        }
        parties.add(new Party("", ELSEWHERE, strangers(blocks, taken)));
        return parties;
    }

    /** An address of each family that is nobody's and in no block but that of all addresses. */
    private static List<IpAddress> strangers(Set<String> blocks, Set<IpAddress> taken) {
        final List<IpPrefix> mentioned = blocks.stream()
                .map(IpPrefix::parse)
                .filter(block -> block.length() > 0)
                .toList();
        final List<IpAddress> free = STRANGERS.stream()
                .filter(address -> !taken.contains(address))
                .filter(address -> mentioned.stream().noneMatch(block -> block.contains(address)))
                .toList();
        return Stream.of(
                        free.stream().filter(IpAddress::isIpv4).findFirst(),
                        free.stream().filter(IpAddress::isIpv6).findFirst())
                .flatMap(Optional::stream)
                .toList();
    }

    private static void addBlocks(SubjectPolicy policy, Set<String> blocks) {
        for (final Direction direction : Direction.values()) {
            for (final RuleSpec rule : policy.rules(direction)) {
                for (final PeerSpec peer : rule.peers()) {
                    if (peer instanceof final PeerSpec.Block block) {
                        blocks.add(block.block().toString());
                        block.except().forEach(hole -> blocks.add(hole.toString()));
                    } else if (peer instanceof final PeerSpec.Networks networks) {
                        networks.networks().forEach(network -> blocks.add(network.toString()));
                    }
                }
            }
        }
    }

    /** The last address of the block that is no pod's: exceptions mostly lie at its beginning. */
    private static @Nullable IpAddress freeAddress(IpPrefix block, Set<IpAddress> taken) {
        final int hostBits = Math.min(block.address().bitLength() - block.length(), 62);
        final long last = (1L << hostBits) - 1;
        for (long i = last; i >= 0 && i > last - 1024; i--) {
            final IpAddress address = block.address().plus(i);
            if (!taken.contains(address)) {
                return address;
            }
        }
        return null;
    }
}
