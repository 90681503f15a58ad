package io.weir.agent.simulation;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.node.LocalNode;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;

/**
 * Runs made-up first packets through the real pipelines, dry, and takes down what each stage says. A packet between two
 * nodes passes the pipeline of both, as it would. One thread.
 */
public final class Explainer implements AutoCloseable {
    /** More nodes than any packet passes: a loop of routes ends here. */
    private static final int MAX_NODES = 8;

    private static final int FRAME_CAPACITY = 256;

    /** Of packets from a tunnel: the first network's. */
    private static final int TUNNEL_SCOPE = 0x8001;

    private final LoadedConfig loaded;
    private final String thisNode;
    private final Map<String, SimulatedNode> nodes = new HashMap<>();
    private final Map<IpAddress, String> nodeOfPod = new HashMap<>();
    private final Map<IpAddress, String> nodeOfAddress = new HashMap<>();
    private final Packet packet = new Packet();
    private final Decision decision = new Decision();
    private final StageRecorder recorder = new StageRecorder();
    private final long frame = OffHeap.allocate(FRAME_CAPACITY);

    /**
     * @throws io.weir.agent.config.ConfigException when the configuration does not say which node this is
     */
    public Explainer(LoadedConfig loaded) {
        this.loaded = loaded;
        thisNode = LocalNode.of(loaded).name();
        for (final Pod pod : loaded.cluster().pods().values()) {
            final String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
            if (node != null) {
                LocalNode.podAddresses(pod).forEach(address -> nodeOfPod.putIfAbsent(address, node));
            }
        }
        for (final Node node : loaded.cluster().nodes().values()) {
            LocalNode.of(node.getMetadata().getName(), loaded)
                    .addresses()
                    .forEach(address -> nodeOfAddress.putIfAbsent(
                            address, node.getMetadata().getName()));
        }
        decision.dryRun(true);
        decision.explainTo(recorder);
    }

    /** What would become of this packet, sent now by whoever has its source address. */
    public Explained explain(Probe probe) {
        final String start = firstNode(probe);
        recorder.start(start);
        final Ingress ingress = sourceIngress(simulated(start), probe.source());
        return pass(simulated(start), probe, ingress, ingress.port(), MAX_NODES);
    }

    /** Where the packet meets weir first: at its sender's node, else at its receiver's, else here. */
    private String firstNode(Probe probe) {
        final String sender = nodeOf(probe.source());
        if (sender != null) {
            return sender;
        }
        final String receiver = nodeOf(probe.destination());
        return receiver == null ? thisNode : receiver;
    }

    private @Nullable String nodeOf(IpAddress address) {
        final String pod = nodeOfPod.get(address);
        return pod == null ? nodeOfAddress.get(address) : pod;
    }

    private Ingress sourceIngress(SimulatedNode node, IpAddress source) {
        final Ingress host = node.node().addresses().contains(source) ? node.ingressNamed(SimulatedPorts.HOST) : null;
        return host == null ? node.ingressOf(source) : host;
    }

    private Explained pass(SimulatedNode node, Probe probe, Ingress ingress, int scope, int nodesLeft) {
        final DataplaneDrop fault = parse(probe, ingress, scope);
        if (fault != null) {
            return ended(Explained.DROP, fault, ingress.name(), probe);
        }
        decision.reset(packet);
        final Verdict verdict =
                node.dataplane().dataplane().snapshot().pipeline().decide(packet, decision);
        final Probe leaving = new Probe(
                decision.source(),
                decision.destination(),
                probe.protocol(),
                decision.sourcePort(),
                decision.destinationPort());
        return switch (verdict) {
            case DROP -> ended(Explained.DROP, reason(), ingress.name(), leaving);
            case ANSWER -> {
                final DropReason reason = decision.reason();
                yield reason == null
                        ? ended(Explained.FORWARD, null, node.node().name() + " (answered)", leaving)
                        : ended(Explained.REJECT, reason, ingress.name(), leaving);
            }
            case CONTINUE, FORWARD, PUNT -> forwarded(node, leaving, ingress, nodesLeft);
        };
    }

    private Explained forwarded(SimulatedNode node, Probe leaving, Ingress ingress, int nodesLeft) {
        final Ingress output = node.ports().ingress(decision.outputPort());
        final String to = output == null ? "nowhere" : output.name();
        final String nextNode = nodeOf(new IpAddress(decision.routeHigh(), decision.routeLow()));
        if (output == null
                || output.role() != Ingress.Role.UPLINK
                || nextNode == null
                || nextNode.equals(node.node().name())) {
            return ended(Explained.FORWARD, null, to, leaving);
        }
        if (nodesLeft == 1) {
            return ended(Explained.DROP, DataplaneDrop.TTL_EXCEEDED, ingress.name(), leaving);
        }
        recorder.proceed(nextNode);
        final SimulatedNode next = simulated(nextNode);
        final Ingress uplink = next.dataplane().uplinkPorts().getFirst();
        return pass(next, leaving, uplink, decision.isDirect() ? TUNNEL_SCOPE : uplink.port(), nodesLeft - 1);
    }

    private @Nullable DataplaneDrop parse(Probe probe, Ingress ingress, int scope) {
        final MacAddress peer = ingress.peerMac();
        final byte[] bytes = ProbeFrame.of(probe, peer == null ? MacAddress.ZERO : peer, ingress.mac());
        OffHeap.copy(bytes, 0, frame, bytes.length);
        PacketParser.locate(
                packet, frame, bytes.length, Packet.NONE, ingress.port(), scope, 0, false, System.nanoTime());
        return PacketParser.parse(packet);
    }

    private DropReason reason() {
        final DropReason reason = decision.reason();
        return reason == null ? DataplaneDrop.NO_ROUTE : reason;
    }

    private Explained ended(String verdict, @Nullable DropReason reason, String to, Probe leaving) {
        return new Explained(
                verdict,
                reason,
                to,
                withPort(leaving.source(), leaving.sourcePort()),
                withPort(leaving.destination(), leaving.destinationPort()),
                recorder.stages());
    }

    private static String withPort(IpAddress address, int port) {
        return address.isIpv4() ? address + ":" + port : "[" + address + "]:" + port;
    }

    private SimulatedNode simulated(String name) {
        return nodes.computeIfAbsent(
                name, node -> new SimulatedNode(loaded, node, SimulatedNode.SMALL, System::nanoTime, Outbox.NONE));
    }

    /** The node that the configuration means by "this". */
    public SimulatedNode thisNode() {
        return simulated(thisNode);
    }

    /** Addresses of the pod {@code namespace/name}, or none; those of a pod in its node's network are the node's. */
    public List<IpAddress> addressesOf(String podName) {
        final Pod pod = loaded.cluster().pods().get(podName);
        if (pod == null || pod.getStatus() == null) {
            return List.of();
        }
        final List<IpAddress> own = LocalNode.podAddresses(pod);
        if (!own.isEmpty() || pod.getSpec() == null || pod.getSpec().getNodeName() == null) {
            return own;
        }
        return Boolean.TRUE.equals(pod.getSpec().getHostNetwork())
                ? LocalNode.of(pod.getSpec().getNodeName(), loaded).addresses()
                : List.of();
    }

    @Override
    public void close() {
        CloseHelper.closeAll(nodes.values());
        OffHeap.free(frame);
    }
}
