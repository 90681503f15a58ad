package io.weir.agent.node;

import io.weir.agent.config.PodPortsConfig;
import io.weir.conntrack.FragmentTracker;
import io.weir.dataplane.answer.AnswerSettings;
import io.weir.dataplane.answer.NeighbourEvents;
import io.weir.dataplane.answer.RouterResponder;
import io.weir.dataplane.flow.OffloadCandidates;
import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.segmentation.SoftwareOffload;
import io.weir.dataplane.worker.Dataplane;
import java.util.ArrayList;
import java.util.List;
import org.agrona.ErrorHandler;
import org.jspecify.annotations.Nullable;

/** What each worker of a node has of its own. */
final class NodeWorkers implements Dataplane.WorkerParts {
    private final CounterMemory counters;
    private final NeighbourEvents neighbourEvents = new NeighbourEvents();
    private final List<RouterResponder> routers = new ArrayList<>();
    private final List<NodeResponder> responders = new ArrayList<>();

    private final List<OffloadCandidates> candidates = new ArrayList<>();
    private final PodPortsConfig pods;

    NodeWorkers(CounterMemory counters, PodPortsConfig pods) {
        this.counters = counters;
        this.pods = pods;
    }

    @Override
    public @Nullable OffloadCandidates candidates(int workerId) {
        if (!pods.offload()) {
            return null;
        }
        final OffloadCandidates queue = new OffloadCandidates(pods.offloadAfterBytes());
        candidates.add(queue);
        return queue;
    }

    /** One of each worker; none without offload. */
    List<OffloadCandidates> candidates() {
        return candidates;
    }

    @Override
    public long counterMemory(int workerId, long length) {
        return counters.allocate(workerId, length);
    }

    @Override
    public PacketEvents events(int workerId) {
        return counters.events(workerId);
    }

    @Override
    public ErrorHandler errors(int workerId) {
        return counters.errors();
    }

    @Override
    public Responder responder(int workerId) {
        final RouterResponder router = new RouterResponder(workerId, AnswerSettings.DEFAULT, neighbourEvents);
        final NodeResponder responder = new NodeResponder(router);
        routers.add(router);
        responders.add(responder);
        return responder;
    }

    @Override
    public Transmitter.Offload offload(int workerId) {
        return new SoftwareOffload();
    }

    /** Where conntrack holds fragments back; before the workers start. */
    void fragments(FragmentTracker tracker) {
        responders.forEach(responder -> responder.fragments(tracker));
    }

    NeighbourEvents neighbourEvents() {
        return neighbourEvents;
    }

    List<RouterResponder> routers() {
        return routers;
    }
}
