package io.weir.agent.offload;

import io.weir.conntrack.Handover;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.OffloadCandidates;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.offload.FlowOffload;
import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.offload.OffloadTunnel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.agrona.collections.IntHashSet;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the list of connections that the kernel carries. Workers tell of flows that carry much; each is decided about once
 * more, dry, in both directions, by the snapshot in force, and handed to the kernel together with nothing but the outcome.
 * It comes back when something changes that the decision depends on, when it closes, when it is silent for ten seconds, and
 * while somebody traces or captures. The control thread alone.
 */
public final class Offloader implements AutoCloseable {
    private static final long SAMPLE_NS = 1_000_000_000L;
    private static final long IDLE_NS = 10_000_000_000L;

    /** Work in one turn of the control thread, about a millisecond: how soon a closed connection is noticed. */
    private static final int CHECKS = 512;

    private static final int SAMPLES = 64;
    private static final int CANDIDATES = 64;

    private final FlowOffload kernel;
    private final Handover handover;
    private final Supplier<Snapshot> current;
    private final List<OffloadCandidates> queues;
    private final PathCounters portCounters;
    private final DirectionJudge judge = new DirectionJudge();
    private final Suspension suspension = new Suspension();
    private final List<OffloadedConnection> connections = new ArrayList<>();
    private final Long2ObjectHashMap<OffloadedConnection> byConnection = new Long2ObjectHashMap<>();
    private final Map<OffloadCounter, Long> counts = new EnumMap<>(OffloadCounter.class);
    private int checkAt;
    private long nowNs;

    /**
     * @param kernel       carries the connections
     * @param handover     of the connection table
     * @param current      the snapshot in force
     * @param queues       one of each worker
     * @param portCounters where carried packets are counted by port: nobody else counts them there
     */
    public Offloader(
            FlowOffload kernel,
            Handover handover,
            Supplier<Snapshot> current,
            List<OffloadCandidates> queues,
            PathCounters portCounters) {
        this.kernel = kernel;
        this.handover = handover;
        this.current = current;
        this.queues = List.copyOf(queues);
        this.portCounters = portCounters;
    }

    /** What is due: new connections, those that have ended, counts. To be called in every turn. */
    public void poll(long time) {
        nowNs = time;
        for (final OffloadCandidates queue : queues) {
            queue.drain(this::onCandidate, CANDIDATES);
        }
        int samples = 0;
        for (int checks = Math.min(CHECKS, connections.size()); checks > 0; checks--) {
            checkAt = checkAt >= connections.size() ? 0 : checkAt;
            final OffloadedConnection connection = connections.get(checkAt);
            if (!handover.isOpen(connection.connection(), connection.generation())) {
                takeBack(connection, OffloadCounter.CLOSED);
            } else if (samples < SAMPLES && connection.isSampleDue(time, SAMPLE_NS)) {
                samples++;
                sample(connection);
            } else {
                checkAt++;
            }
        }
    }

    // ---- connections that come --------------------------------------------------------------------------------------

    private void onCandidate(OffloadKey key, int connection, int generation, boolean isReply) {
        if (byConnection.containsKey(id(connection, generation))) {
            return;
        }
        final OffloadedConnection decided = decide(current.get(), key, connection, generation, isReply);
        if (decided == null) {
            count(OffloadCounter.REFUSED);
        } else if (suspension.concerns(
                decided.original().egressPort(), decided.reply().egressPort())) {
            count(OffloadCounter.SUSPENDED);
        } else if (!handover.begin(connection, generation)) {
            count(OffloadCounter.REFUSED);
        } else if (!kernel.add(decided.original(), decided.reply())) {
            handover.end(connection, generation);
            count(OffloadCounter.FULL);
        } else {
            decided.place = connections.size();
            connections.add(decided);
            byConnection.put(id(connection, generation), decided);
            count(OffloadCounter.ADDED);
        }
    }

    private @Nullable OffloadedConnection decide(
            Snapshot snapshot, OffloadKey key, int connection, int generation, boolean isReply) {
        if (key.isByTunnel()) {
            // by which one is known once the answers are judged
            final OffloadKey answers = answersThrough(snapshot, key, handover.validNumbers(connection, isReply));
            return answers == null || answers.isByTunnel()
                    ? null
                    : decide(snapshot, answers, connection, generation, !isReply);
        }
        final int in = key.ingressPort();
        final JudgedDirection there =
                judge.judge(snapshot, key, in, null, handover.validNumbers(connection, isReply), nowNs);
        if (there == null || !isOf(there, connection, generation, isReply)) {
            return null;
        }
        final int out = there.flow().egressPort();
        if (!kernel.takes(in, out) || !kernel.takes(out, in)) {
            return null;
        }
        final OffloadTunnel tunnel = there.flow().tunnel();
        final JudgedDirection back = judge.judge(
                snapshot,
                there.flow().answers(),
                out,
                tunnel == null ? null : tunnel.opposite(),
                handover.validNumbers(connection, !isReply),
                nowNs);
        final Ingress one = snapshot.ingresses().get(in);
        final Ingress other = snapshot.ingresses().get(out);
        if (back == null
                || one == null
                || other == null
                || !isOf(back, connection, generation, !isReply)
                || !back.flow().answers().equals(key)) {
            return null;
        }
        final TunnelTermination tunnels = tunnel == null ? null : snapshot.tunnels();
        return isReply
                ? new OffloadedConnection(back, there, other, one, tunnels, nowNs)
                : new OffloadedConnection(there, back, one, other, tunnels, nowNs);
    }

    /** What answers to packets by a tunnel come in as, whatever uplink it is that those come by. */
    private @Nullable OffloadKey answersThrough(Snapshot snapshot, OffloadKey key, long numbers) {
        for (final Ingress ingress : snapshot.ingresses()) {
            if (ingress != null && ingress.role() == Ingress.Role.UPLINK) {
                final JudgedDirection judged = judge.judge(snapshot, key, ingress.port(), null, numbers, nowNs);
                return judged == null ? null : judged.flow().answers();
            }
        }
        return null;
    }

    private static boolean isOf(JudgedDirection direction, int connection, int generation, boolean isReply) {
        return direction.connection() == connection
                && direction.generation() == generation
                && direction.isReply() == isReply;
    }

    private static long id(int connection, int generation) {
        return ((long) generation << 32) | (connection & 0xFFFF_FFFFL);
    }

    // ---- connections that go ----------------------------------------------------------------------------------------

    /**
     * Takes back what a change concerns: from the return on its packets come to weir. Before the change is published.
     *
     * @param ports   as they will be, by id
     * @param tunnels the same; another object is another set of tunnels
     */
    public void revoke(Changes changes, List<@Nullable Ingress> ports, @Nullable TunnelTermination tunnels, long time) {
        if (connections.isEmpty()) {
            return;
        }
        final IntHashSet touched = new IntHashSet();
        changes.touchedSlots().forEachInt(touched::add);
        takeBackAll(
                connection -> connection.dependsOn(touched) || !connection.isBetween(ports, tunnels),
                OffloadCounter.REVOKED,
                time);
    }

    /** From now on every packet of every port comes to weir, until {@link #resumeAll} was called as often. */
    public void suspendAll(long time) {
        suspension.beginAll();
        takeBackAll(_ -> true, OffloadCounter.SUSPENDED, time);
    }

    public void resumeAll() {
        suspension.endAll();
    }

    /** From now on every packet of one port comes to weir, until {@link #resume} was called as often. */
    public void suspend(int port, long time) {
        suspension.begin(port);
        takeBackAll(connection -> connection.uses(port), OffloadCounter.SUSPENDED, time);
    }

    public void resume(int port) {
        suspension.end(port);
    }

    private void takeBackAll(Predicate<OffloadedConnection> which, OffloadCounter why, long time) {
        nowNs = time;
        for (int i = connections.size() - 1; i >= 0; i--) {
            final OffloadedConnection connection = connections.get(i);
            if (which.test(connection)) {
                takeBack(connection, why);
            }
        }
    }

    /** The last connection of the list takes the place of this one. */
    private void takeBack(OffloadedConnection connection, OffloadCounter why) {
        connection.sample(
                kernel.remove(connection.original().key()),
                kernel.remove(connection.reply().key()),
                nowNs,
                (flow, isReply, packets, bytes) -> carried(connection, isReply, flow.egressPort(), packets, bytes));
        handover.end(connection.connection(), connection.generation());
        byConnection.remove(id(connection.connection(), connection.generation()));
        final OffloadedConnection last = connections.removeLast();
        if (last != connection) {
            last.place = connection.place;
            connections.set(last.place, last);
        }
        count(why);
    }

    // ---- counts -----------------------------------------------------------------------------------------------------

    private void sample(OffloadedConnection connection) {
        connection.sample(
                kernel.count(connection.original().key()),
                kernel.count(connection.reply().key()),
                nowNs,
                (flow, isReply, packets, bytes) -> carried(connection, isReply, flow.egressPort(), packets, bytes));
        if (connection.idleNs(nowNs) >= IDLE_NS) {
            takeBack(connection, OffloadCounter.IDLE);
        }
    }

    private void carried(OffloadedConnection connection, boolean isReply, int out, long packets, long bytes) {
        final int in = (isReply ? connection.original() : connection.reply()).egressPort();
        handover.carried(connection.connection(), connection.generation(), isReply, packets, bytes, nowNs);
        portCounters.offloaded(in, out, packets, bytes);
        count(OffloadCounter.PACKETS, packets);
        count(OffloadCounter.BYTES, bytes);
    }

    private void count(OffloadCounter counter) {
        count(counter, 1);
    }

    private void count(OffloadCounter counter, long amount) {
        counts.merge(counter, amount, Long::sum);
    }

    public long value(OffloadCounter counter) {
        return counts.getOrDefault(counter, 0L);
    }

    /** Flows that were not told of because a worker's queue was full. */
    public long lostCandidates() {
        return queues.stream().mapToLong(OffloadCandidates::lost).sum();
    }

    /** Workers tell of flows at all. */
    public boolean isUsed() {
        return !queues.isEmpty();
    }

    /** Connections that the kernel carries now. */
    public int size() {
        return connections.size();
    }

    /** Shows both directions of each connection that the kernel carries now. */
    public void forEach(long time, Consumer<OffloadedDirection> consumer) {
        for (final OffloadedConnection connection : connections) {
            consumer.accept(connection.report(false, time));
            consumer.accept(connection.report(true, time));
        }
    }

    /** Takes all connections back. The connection table is still there. */
    @Override
    public void close() {
        takeBackAll(_ -> true, OffloadCounter.CLOSED, nowNs);
        judge.close();
    }
}
