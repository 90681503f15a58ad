package io.weir.policy;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.RuleNote;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.policy.classify.PortSet;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Direction;
import org.jspecify.annotations.Nullable;

/**
 * Judges the connection that a packet belongs to: first what its source may send, when that is a pod of this node, then
 * what its destination may receive, when that is one.
 *
 * <p>Reads the decision's subject, which is the connection's original direction behind Service translation; so replies
 * are judged as what they answer, and established connections are judged again whenever a version slot of their pods is
 * stamped. ICMP errors about a known connection pass. Depends on the slot of each local pod involved. Drops with
 * {@link PolicyDrop}; with the option, a denied egress is answered with ICMP administratively prohibited.
 */
public final class PolicyStage implements Stage {
    private final PolicyTable table;

    public PolicyStage(PolicyTable table) {
        this.table = table;
    }

    @Override
    public String name() {
        return "policy";
    }

    @Override
    public Verdict decide(Packet packet, Decision decision) {
        if (decision.connectionState() == ConnectionState.RELATED) {
            if (decision.isExplained()) {
                decision.because("an ICMP error about a known connection passes");
            }
            return Verdict.CONTINUE;
        }
        final long sourceHigh = decision.subjectSourceHigh();
        final long sourceLow = decision.subjectSourceLow();
        final long destinationHigh = decision.subjectDestinationHigh();
        final long destinationLow = decision.subjectDestinationLow();
        final long source = table.find(sourceHigh, sourceLow);
        final long destination = table.find(destinationHigh, destinationLow);
        final EndpointRules sender = table.rules(source);
        final EndpointRules receiver = table.rules(destination);
        if (sender != null) {
            decision.dependsOn(sender.slot());
        }
        if (receiver != null) {
            decision.dependsOn(receiver.slot());
        }
        final int portKey = PortSet.key(Protocol.indexOf(packet.protocol()), decision.subjectDestinationPort());
        final boolean translated = decision.isTranslated();

        final int egress = table.egress(source, destination, destinationHigh, destinationLow, portKey, translated);
        if (decision.isExplained() && (sender != null || egress != Judgement.ALLOWED)) {
            explain(decision, Direction.EGRESS, sender, egress);
        }
        note(decision, sender == null ? null : sender.egress(), egress);
        if (Judgement.isDenied(egress)) {
            final PolicyDrop reason = Judgement.reason(egress, Direction.EGRESS);
            return table.isRejectEgress() && !decision.isReply()
                    ? decision.reject(reason, Answer.PROHIBITED)
                    : decision.drop(reason);
        }
        final int ingress = table.ingress(source, destination, sourceHigh, sourceLow, portKey, translated);
        note(decision, receiver == null ? null : receiver.ingress(), ingress);
        if (decision.isExplained()) {
            if (receiver != null || ingress != Judgement.ALLOWED) {
                explain(decision, Direction.INGRESS, receiver, ingress);
            } else if (sender == null) {
                decision.because("neither end is a pod of this node");
            }
        }
        return Judgement.isDenied(ingress)
                ? decision.drop(Judgement.reason(ingress, Direction.INGRESS))
                : Verdict.CONTINUE;
    }

    private static void note(Decision decision, @Nullable DirectionRules rules, int judgement) {
        final RuleNote note = rules == null ? null : rules.note(judgement);
        if (note != null) {
            decision.decidedBy(note);
        }
    }

    private static void explain(Decision decision, Direction direction, @Nullable EndpointRules rules, int judgement) {
        final String who = rules == null ? "an endpoint" : rules.name();
        final DirectionRules judged =
                rules == null ? DirectionRules.OPEN : direction == Direction.INGRESS ? rules.ingress() : rules.egress();
        decision.because(direction.label() + " of " + who + " is " + judged.explain(judgement));
    }

    @Override
    public String describe() {
        return table.toString();
    }
}
