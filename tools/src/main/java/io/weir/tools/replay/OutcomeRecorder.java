package io.weir.tools.replay;

import io.weir.agent.simulation.SimulatedPorts;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PacketListener;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what becomes of each packet. Packets come one by one; a fragment that had to wait for its first comes a second
 * time, and is recognised by its datagram and its offset.
 */
final class OutcomeRecorder implements PacketListener {
    private final SimulatedPorts ports;
    private final DropReasons reasons;
    private final Map<Fragment, ArrayDeque<Outcome>> held = new HashMap<>();
    private @Nullable Outcome current;

    private record Fragment(IpAddress source, IpAddress destination, int protocol, int id, int offset, boolean isLast) {
        static Fragment of(Packet packet) {
            return new Fragment(
                    packet.source(),
                    packet.destination(),
                    packet.protocol(),
                    packet.fragmentId(),
                    packet.fragmentOffset(),
                    !packet.hasMoreFragments());
        }
    }

    OutcomeRecorder(SimulatedPorts ports, DropReasons reasons) {
        this.ports = ports;
        this.reasons = reasons;
    }

    /** The next packet is this one. */
    void begin(Outcome outcome) {
        current = outcome;
    }

    /** The packet under way, or, when that has ended or waits itself, the one that waited until now. */
    private Outcome outcomeOf(Packet packet) {
        final Outcome now = current;
        if (now != null && !now.isEnded() && !now.isHeld()) {
            return now;
        }
        final Fragment fragment = Fragment.of(packet);
        final ArrayDeque<Outcome> waiting = held.get(fragment);
        if (waiting == null) {
            throw new IllegalStateException("a packet ends that was not replayed: " + fragment);
        }
        final Outcome outcome = waiting.remove();
        if (waiting.isEmpty()) {
            held.remove(fragment);
        }
        return outcome;
    }

    @Override
    public void forwarded(Packet packet, Decision decision) {
        final Outcome outcome = outcomeOf(packet);
        final Ingress output = ports.ingress(decision.outputPort());
        outcome.forwarded(
                output == null ? "nowhere" : output.name(),
                withPort(decision.source(), decision.sourcePort()),
                withPort(decision.destination(), decision.destinationPort()));
    }

    private static String withPort(IpAddress address, int port) {
        return address.isIpv4() ? address + ":" + port : "[" + address + "]:" + port;
    }

    @Override
    public void dropped(Packet packet, DropReason reason) {
        outcomeOf(packet).dropped(reason);
    }

    @Override
    public void droppedInTunnel(Packet packet, int reasonId) {
        final DropReason reason = reasons.byId(reasonId);
        dropped(packet, reason == null ? DataplaneDrop.NOT_FOR_US : reason);
    }

    @Override
    public void answered(Packet packet, Answer answer, @Nullable DropReason reason) {
        outcomeOf(packet).answered(reason);
    }

    @Override
    public void neighbourPacket(Packet packet) {
        outcomeOf(packet).answered(null);
    }

    @Override
    public void held(Packet packet) {
        final Outcome outcome = outcomeOf(packet);
        outcome.hold();
        held.computeIfAbsent(Fragment.of(packet), _ -> new ArrayDeque<>()).add(outcome);
    }

    /** The time of all that still wait has run out. */
    void giveUp() {
        held.values().forEach(queue -> queue.forEach(outcome -> outcome.dropped(DataplaneDrop.FRAGMENT_WITHOUT_FIRST)));
        held.clear();
    }
}
