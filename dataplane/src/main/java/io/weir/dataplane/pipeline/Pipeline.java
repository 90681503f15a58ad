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
        final Verdict verdict =
                explanation == null ? verdict(packet, decision) : explained(packet, decision, explanation);
        if (verdict != Verdict.CONTINUE) {
            return verdict;
        }
        return decision.adjacency() == Decision.NONE ? decision.drop(DataplaneDrop.NO_ROUTE) : Verdict.FORWARD;
    }

    /**
     * Each of the usual stages is called from a line of its own, not from a loop: the compiler then knows one class for each
     * line, and makes plain calls of them or puts them in place. In a loop it knows eight.
     */
    private Verdict verdict(Packet packet, Decision decision) {
        final List<Stage> all = stages;
        final int count = all.size();
        Verdict verdict = all.get(0).decide(packet, decision);
        if (verdict == Verdict.CONTINUE && count > 1) {
            verdict = all.get(1).decide(packet, decision);
        }
        if (verdict == Verdict.CONTINUE && count > 2) {
            verdict = all.get(2).decide(packet, decision);
        }
        if (verdict == Verdict.CONTINUE && count > 3) {
            verdict = all.get(3).decide(packet, decision);
        }
        if (verdict == Verdict.CONTINUE && count > 4) {
            verdict = all.get(4).decide(packet, decision);
        }
        if (verdict == Verdict.CONTINUE && count > 5) {
            verdict = all.get(5).decide(packet, decision);
        }
        if (verdict == Verdict.CONTINUE && count > 6) {
            verdict = all.get(6).decide(packet, decision);
        }
        if (verdict == Verdict.CONTINUE && count > 7) {
            verdict = all.get(7).decide(packet, decision);
        }
        for (int i = 8; i < count && verdict == Verdict.CONTINUE; i++) {
            verdict = all.get(i).decide(packet, decision);
        }
        return verdict;
    }

    private Verdict explained(Packet packet, Decision decision, Explanation explanation) {
        Verdict verdict = Verdict.CONTINUE;
        for (int i = 0; i < stages.size() && verdict == Verdict.CONTINUE; i++) {
            explanation.stage(stages.get(i).name());
            verdict = stages.get(i).decide(packet, decision);
            explanation.verdict(verdict);
        }
        return verdict;
    }
}
