package io.weir.policy.analysis;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.policy.PolicyCompiler;
import io.weir.policy.PolicyTable;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.SubjectPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Which pairs change when one spec follows the other. The second is compiled as a difference to the first, and only pairs
 * with a pod whose version slot that touches are looked at.
 *
 * @param removedPods in the first spec only, sorted
 * @param addedPods   in the second only, sorted
 * @param changes     sorted by names
 */
public record PolicyDifference(List<String> removedPods, List<String> addedPods, List<Change> changes) {
    /**
     * A pair whose verdict changes.
     *
     * @param ports {@code 80/TCP}, or {@code 80-442/TCP} for ports that all rules treat alike
     * @param why   the verdict after the change, in words
     */
    public record Change(String from, String to, List<String> ports, boolean nowAllowed, String why) {}

    /** Ports that no rule tells apart, with the first of them to ask for. */
    private record Range(Protocol protocol, int first, int last) {
        String label() {
            if (protocol == Protocol.ICMP || protocol == Protocol.OTHER) {
                return protocol == Protocol.ICMP ? "ICMP" : "other protocols";
            }
            if (first == 0 && last == 0xFFFF) {
                return protocol.name();
            }
            return first + (first == last ? "" : "-" + last) + "/" + protocol;
        }
    }

    /** At every port. Both specs must have all pods local. */
    public static PolicyDifference between(PolicySpec before, PolicySpec after) {
        return new Comparison(before, after, ranges(before, after)).run();
    }

    /** At one port. Both specs must have all pods local. */
    public static PolicyDifference between(PolicySpec before, PolicySpec after, Protocol protocol, int port) {
        return new Comparison(before, after, List.of(new Range(protocol, port, port))).run();
    }

    /** Cuts all ports where a rule or a name of a port begins or ends. */
    private static List<Range> ranges(PolicySpec... specs) {
        final Map<Protocol, NavigableSet<Integer>> starts = new TreeMap<>();
        for (final Protocol protocol : List.of(Protocol.TCP, Protocol.UDP, Protocol.SCTP)) {
            starts.put(protocol, new TreeSet<>(Set.of(0)));
        }
        for (final PolicySpec spec : specs) {
            for (final PodSpec pod : spec.pods()) {
                pod.namedPorts().forEach(port -> cut(starts, port.protocol(), port.port(), port.port()));
            }
            Stream.concat(spec.networkPolicies().stream(), spec.clusterPolicies().stream())
                    .forEach(policy -> cut(starts, policy));
        }
        final List<Range> ranges = new ArrayList<>();
        starts.forEach((protocol, firsts) -> {
            for (final int first : firsts) {
                final Integer next = firsts.higher(first);
                ranges.add(new Range(protocol, first, next == null ? 0xFFFF : next - 1));
            }
        });
        ranges.add(new Range(Protocol.ICMP, 0, 0));
        ranges.add(new Range(Protocol.OTHER, 0, 0));
        return ranges;
    }

    private static void cut(Map<Protocol, NavigableSet<Integer>> starts, SubjectPolicy policy) {
        for (final Direction direction : Direction.values()) {
            for (final RuleSpec rule : policy.rules(direction)) {
                for (final PortSpec port : rule.ports()) {
                    if (port instanceof final PortSpec.Numbers numbers) {
                        cut(starts, numbers.protocol(), numbers.first(), numbers.last());
                    }
                }
            }
        }
    }

    private static void cut(Map<Protocol, NavigableSet<Integer>> starts, Protocol protocol, int first, int last) {
        final NavigableSet<Integer> firsts = starts.get(protocol);
        if (firsts != null) {
            firsts.add(first);
            if (last < 0xFFFF) {
                firsts.add(last + 1);
            }
        }
    }

    /** One party in both specs. */
    private record Side(Party before, Party after, boolean touched) {}

    /** The work itself. */
    private static final class Comparison {
        private final PolicySpec before;
        private final PolicySpec after;
        private final List<Range> ranges;
        private final List<Change> changes = new ArrayList<>();
        private PolicyTable tableBefore = PolicyTable.EMPTY;
        private PolicyTable tableAfter = PolicyTable.EMPTY;

        Comparison(PolicySpec before, PolicySpec after, List<Range> ranges) {
            this.before = before;
            this.after = after;
            this.ranges = ranges;
        }

        PolicyDifference run() {
            final Map<String, PodSpec> podsBefore = byKey(before);
            final Map<String, PodSpec> podsAfter = byKey(after);
            try (VersionSlots slots = new VersionSlots(podsBefore.size() + podsAfter.size() + 1)) {
                final PolicyCompiler compiler = new PolicyCompiler(slots);
                tableBefore = compiler.compile(before, new Changes());
                final Changes touched = new Changes();
                tableAfter = compiler.compile(after, touched);
                final Set<Integer> slotsTouched = new HashSet<>(touched.touchedSlots());
                final List<Side> sides = new ArrayList<>();
                podsBefore.forEach((key, pod) -> {
                    final PodSpec now = podsAfter.get(key);
                    if (now != null) {
                        sides.add(new Side(Party.of(pod), Party.of(now), isTouched(pod, slotsTouched)));
                    }
                });
                Party.outside(before, after).forEach(place -> sides.add(new Side(place, place, false)));
                for (final Side from : sides) {
                    for (final Side to : sides) {
                        if (from.touched || to.touched) {
                            compare(from, to);
                        }
                    }
                }
            }
            changes.sort(Comparator.comparing(Change::from).thenComparing(Change::to));
            return new PolicyDifference(missing(podsBefore, podsAfter), missing(podsAfter, podsBefore), changes);
        }

        private static Map<String, PodSpec> byKey(PolicySpec spec) {
            final Map<String, PodSpec> pods = new TreeMap<>();
            spec.pods().forEach(pod -> pods.put(pod.key(), pod));
            return pods;
        }

        private static List<String> missing(Map<String, PodSpec> here, Map<String, PodSpec> there) {
            return here.keySet().stream().filter(key -> !there.containsKey(key)).toList();
        }

        private boolean isTouched(PodSpec pod, Set<Integer> slotsTouched) {
            return pod.addresses().stream()
                    .map(tableBefore::endpoint)
                    .anyMatch(rules -> rules == null || slotsTouched.contains(rules.slot()));
        }

        private void compare(Side from, Side to) {
            final List<Range> opened = new ArrayList<>();
            final List<Range> closed = new ArrayList<>();
            for (final Range range : ranges) {
                final Reach was = Reach.between(tableBefore, from.before, to.before, range.protocol, range.first);
                final Reach is = Reach.between(tableAfter, from.after, to.after, range.protocol, range.first);
                if (was != is && was != Reach.NONE && is != Reach.NONE) {
                    (is == Reach.ALLOWED || was == Reach.DENIED ? opened : closed).add(range);
                }
            }
            report(from, to, opened, true);
            report(from, to, closed, false);
        }

        private void report(Side from, Side to, List<Range> where, boolean nowAllowed) {
            if (where.isEmpty()) {
                return;
            }
            final List<Range> merged = new ArrayList<>();
            for (final Range range : where) {
                final Range last = merged.isEmpty() ? range : merged.getLast();
                if (last.protocol == range.protocol && last.last + 1 == range.first) {
                    merged.set(merged.size() - 1, new Range(range.protocol, last.first, range.last));
                } else {
                    merged.add(range);
                }
            }
            final Range first = where.getFirst();
            changes.add(new Change(
                    from.after.name(),
                    to.after.name(),
                    merged.stream().map(Range::label).toList(),
                    nowAllowed,
                    Reach.why(tableAfter, from.after, to.after, first.protocol, first.first)));
        }
    }
}
