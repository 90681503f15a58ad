package io.weir.policy.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.policy.PolicyCompiler;
import io.weir.policy.PolicyTable;
import io.weir.policy.RandomCluster;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.PolicySpec;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class PolicyDifferencePropertyTest {
    /** What two full matrices differ in is what the difference names. */
    @Property(tries = 60)
    void namesEveryPairThatChanges(@ForAll long seed) {
        final RandomCluster cluster = new RandomCluster(seed).allLocal();
        final PolicySpec before = cluster.spec();
        cluster.change();
        final PolicySpec after = cluster.spec();
        final Set<String> wanted = new TreeSet<>();
        try (VersionSlots slots = new VersionSlots(1000)) {
            final PolicyTable old = new PolicyCompiler(slots).compile(before, new Changes());
            final PolicyTable fresh = new PolicyCompiler(slots).compile(after, new Changes());
            for (final Party from : Party.pods(after, Set.of())) {
                for (final Party to : Party.pods(after, Set.of())) {
                    final Party oldFrom = in(before, from);
                    final Party oldTo = in(before, to);
                    final Reach was = Reach.between(old, oldFrom, oldTo, Protocol.TCP, 80);
                    final Reach is = Reach.between(fresh, from, to, Protocol.TCP, 80);
                    if (was != is && was != Reach.NONE && is != Reach.NONE) {
                        wanted.add(from.name() + " -> " + to.name());
                    }
                }
            }
        }
        final Set<String> found = new TreeSet<>();
        for (final PolicyDifference.Change change :
                PolicyDifference.between(before, after, Protocol.TCP, 80).changes()) {
            if (change.from().startsWith("n") && change.to().startsWith("n")) {
                found.add(change.from() + " -> " + change.to());
            }
        }
        assertThat(found).isEqualTo(wanted);
    }

    private static Party in(PolicySpec spec, Party party) {
        return spec.pods().stream()
                .filter(pod -> pod.key().equals(party.name()))
                .map(Party::of)
                .findFirst()
                .orElse(new Party(party.namespace(), party.name(), List.of()));
    }
}
