package io.weir.tools.replay;

import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.WeirDropReasons;
import io.weir.agent.simulation.Outbox;
import io.weir.agent.simulation.SimulatedNode;
import io.weir.agent.simulation.SimulatedPort;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.tools.capture.CapturedPacket;
import io.weir.tools.command.CommandFailure;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts captured packets through a node's pipeline, one by one, each at the time of its stamp. Every packet takes the slow
 * path, so that its outcome is known; the decisions are the same that the flow cache would remember.
 *
 * <p>A packet's Ethernet addresses become those of the port that it comes in by (unless it is addressed to a group), because
 * a capture from elsewhere can't know them.
 */
final class Replay implements AutoCloseable {
    private static final int ETHERNET_HEADER = 14;
    private static final long POLL_INTERVAL_NS = 10_000_000L;

    /** More than any fragment waits. */
    private static final long PATIENCE_NS = 600_000_000_000L;

    private final ReplayClock clock = new ReplayClock();
    private final SimulatedNode node;
    private final OutcomeRecorder recorder;
    private final @Nullable Ingress forced;
    private long polledNs;

    /**
     * @param ingress name of the port that all packets come in by; null: by their source address
     * @param outbox  takes every frame that the node sends
     * @throws CommandFailure when there is no such port
     */
    Replay(LoadedConfig loaded, @Nullable String ingress, Outbox outbox) {
        node = new SimulatedNode(loaded, LocalNode.of(loaded).name(), List.of(), clock, outbox);
        recorder = new OutcomeRecorder(node.ports(), WeirDropReasons.ALL);
        node.dataplane().dataplane().listen(worker -> recorder);
        forced = ingress == null ? null : node.ingressNamed(ingress);
        if (ingress != null && forced == null) {
            node.close();
            throw new CommandFailure("--ingress " + ingress
                    + ": there is no such port; name a local pod as namespace/pod," + " an uplink, or host");
        }
    }

    /** Replays one packet. A fragment's outcome may come only with a later one. */
    Outcome replay(CapturedPacket packet) {
        clock.advanceTo(packet.timeNs());
        settle();
        final Ingress ingress = forced != null ? forced : ingressOf(packet.bytes());
        final SimulatedPort port = node.ports().port(ingress.port());
        if (port == null) {
            throw new IllegalStateException("port " + ingress.name() + " has no queue");
        }
        final Outcome outcome = new Outcome(packet.number(), packet.timeNs(), ingress.name());
        recorder.begin(outcome);
        port.offer(adapted(packet.bytes(), ingress));
        settle();
        if (!outcome.isEnded() && !outcome.isHeld()) {
            throw new IllegalStateException("packet " + packet.number() + " vanished");
        }
        return outcome;
    }

    /** A packet that a fault took before it reached the node. */
    Outcome lost(CapturedPacket packet) {
        final Ingress ingress = forced != null ? forced : ingressOf(packet.bytes());
        final Outcome outcome = new Outcome(packet.number(), packet.timeNs(), ingress.name());
        outcome.dropped(DataplaneDrop.FAULT_INJECTED);
        return outcome;
    }

    /** Lets what still waits run out of time. */
    void finish() {
        clock.advanceBy(PATIENCE_NS);
        settle();
        recorder.giveUp();
    }

    private void settle() {
        if (clock.nanoTime() - polledNs >= POLL_INTERVAL_NS) {
            polledNs = clock.nanoTime();
            node.dataplane().poll(polledNs);
        }
        while (node.dataplane().dataplane().step() != 0) {
            // until nothing is left to do at this time
        }
    }

    private Ingress ingressOf(byte[] frame) {
        final IpAddress source = sourceOf(frame);
        return source == null ? node.ingressOf(IpAddress.ANY_V4) : node.ingressOf(source);
    }

    private static @Nullable IpAddress sourceOf(byte[] frame) {
        if (isType(frame, 0x08, 0x00) && frame.length >= ETHERNET_HEADER + 20) {
            return IpAddress.ofBytes(Arrays.copyOfRange(frame, 26, 30));
        }
        if (isType(frame, 0x86, 0xDD) && frame.length >= ETHERNET_HEADER + 40) {
            return IpAddress.ofBytes(Arrays.copyOfRange(frame, 22, 38));
        }
        return null;
    }

    private static boolean isType(byte[] frame, int high, int low) {
        return frame.length >= ETHERNET_HEADER && frame[12] == (byte) high && frame[13] == (byte) low;
    }

    private static byte[] adapted(byte[] captured, Ingress ingress) {
        final byte[] frame = captured.length <= PacketPool.BIG_FRAME_CAPACITY
                ? captured.clone()
                : Arrays.copyOf(captured, PacketPool.BIG_FRAME_CAPACITY);
        final boolean isIp = isType(frame, 0x08, 0x00) || isType(frame, 0x86, 0xDD);
        if (isIp && (frame[0] & 1) == 0) {
            System.arraycopy(ingress.mac().toBytes(), 0, frame, 0, MacAddress.LENGTH);
            final MacAddress peer = ingress.peerMac();
            if (peer != null) {
                System.arraycopy(peer.toBytes(), 0, frame, MacAddress.LENGTH, MacAddress.LENGTH);
            }
        }
        return frame;
    }

    SimulatedNode node() {
        return node;
    }

    @Override
    public void close() {
        node.close();
    }
}
