package io.weir.dataplane.pipeline;

import io.weir.dataplane.packet.Packet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The stages that decide about a packet, in order: a value that can be printed, compared and replaced.
 *
 * @param stages at least one; names are unique
 */
public record Pipeline(List<Stage> stages) {
    /** How often a packet is decided when other workers change what the decision read. */
    private static final int ATTEMPTS = 4;

    public Pipeline {
        stages = List.copyOf(stages);
        final Set<String> names = new HashSet<>();
        for (final Stage stage : stages) {
            if (!names.add(stage.name())) {
                throw new IllegalArgumentException("two stages are called " + stage.name());
            }
        }
        if (stages.isEmpty()) {
            throw new IllegalArgumentException("a pipeline needs a stage");
        }
    }

    /**
     * Runs the stages until one ends the packet's way. A packet that all stages let pass is forwarded; without a way
     * out it is dropped as {@code no-route}.
     */
    public Verdict decide(Packet packet, Decision decision) {
        Verdict verdict = decideOnce(packet, decision);
        for (int attempt = 1; decision.isAgain() && attempt < ATTEMPTS; attempt++) {
            decision.reset(packet);
            verdict = decideOnce(packet, decision);
        }
        return verdict;
    }

    private Verdict decideOnce(Packet packet, Decision decision) {
        final Explanation explanation = decision.explanation();
        for (int i = 0, count = stages.size(); i < count; i++) {
            final Stage stage = stages.get(i);
            if (explanation != null) {
                explanation.stage(stage.name());
            }
            final Verdict verdict = stage.decide(packet, decision);
            if (explanation != null) {
                explanation.verdict(verdict);
            }
            if (verdict != Verdict.CONTINUE) {
                return verdict;
            }
        }
        return decision.adjacency() == Decision.NONE ? decision.drop(DataplaneDrop.NO_ROUTE) : Verdict.FORWARD;
    }
}
