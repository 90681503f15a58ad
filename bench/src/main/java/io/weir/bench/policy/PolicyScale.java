package io.weir.bench.policy;

import io.weir.agent.cluster.ClusterState;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.dataplane.worker.ThreadingMode;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A whole node of a cluster with very many policies: how long they take to load, how much memory, how long a change of each
 * kind takes from the cluster's new state to the worker, how many new flows a second they judge, and what the packets of
 * established flows notice of changes that are made without a pause.
 *
 * <p>Whatever another thread does costs a packet something, as caches and memory are shared. So the changes take turns: for
 * some time they are made to the node whose packets are counted, and for as long to another one.
 */
public final class PolicyScale implements Experiment {
    private static final Metric LOAD = new Metric("load", "ms", false);
    private static final Metric CHANGE = new Metric("change", "ms", false);
    private static final Metric CHANGE_P99 = new Metric("change-p99", "ms", false);
    private static final Metric MEMORY = new Metric("heap", "MiB", false);
    private static final Metric CHANGES_MADE = new Metric("changes", "1/s", true);
    private static final Metric DROPPED = new Metric("dropped", "packets", false);
    private static final Metric RATE_KEPT = new Metric("rate-kept", "×", true);

    private static final int FLOWS_EACH = 10;
    private static final int CHANGES = 200;
    private static final int WARM_UP_CHANGES = 100;
    private static final int FEW_POLICIES = 10;
    private static final int NEW_FLOWS = 10_000;

    private final PolicyCluster cluster;
    private final int changeCount;

    /** 10,000 pods in 1,000 namespaces with 10,000 NetworkPolicies. */
    public PolicyScale() {
        this(new PolicyCluster(10_000, 1_000, 10_000), CHANGES);
    }

    PolicyScale(PolicyCluster cluster, int changeCount) {
        this.cluster = cluster;
        this.changeCount = changeCount;
    }

    @Override
    public String name() {
        return "scale-policies";
    }

    @Override
    public String describe() {
        return ("%,d pods, %,d namespaces, %,d policies: load, memory, changes of each kind, new flows a second,"
                        + " and established flows while policies change")
                .formatted(cluster.pods(), cluster.namespaces(), cluster.policies());
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException {
        recorder.progress(name() + ": making the cluster's objects");
        final ClusterState state = cluster.state();
        final List<byte[]> frames = PolicyNode.frames(
                cluster.localPods().stream().map(cluster::admitted).toList(), FLOWS_EACH);
        final Variant variant = Variant.flows(frames.size()).withProtocol("tcp");
        loads(state, variant, settings, recorder);
        final long before = usedBytes();
        try (PolicyNode node = new PolicyNode(frames, ThreadingMode.DEDICATED, settings.core());
                PolicyNode other = new PolicyNode(frames, ThreadingMode.INVOKER, -1)) {
            node.apply(state);
            node.awaitPassed();
            recorder.result(result(variant, MEMORY, (usedBytes() - before) / 1048576.0)
                    .withNote("tables, specs and translations; without the Kubernetes objects"));
            changes(node, state, variant, recorder);
            whileChanging(node, other, state, variant, settings, recorder);
        }
        newFlows(state, settings, recorder);
    }

    private Result result(Variant variant, Metric metric, double... values) {
        return Result.of(name(), variant, Subject.WEIR, metric, values);
    }

    private void loads(ClusterState state, Variant variant, Settings settings, Recorder recorder) {
        final double[] wall = new double[settings.runs()];
        final double[] processor = new double[settings.runs()];
        for (int i = 0; i < settings.runs(); i++) {
            recorder.progress(name() + ": load " + (i + 1));
            try (PolicyNode node = new PolicyNode(List.of(new byte[60]), ThreadingMode.INVOKER, -1)) {
                final long begin = System.nanoTime();
                final long beginCpu = cpuNs();
                node.apply(state);
                processor[i] = (cpuNs() - beginCpu) / 1e6;
                wall[i] = (System.nanoTime() - begin) / 1e6;
            }
        }
        final String note =
                "from objects in memory to the worker's snapshot; the first run, on a cold JVM, is the highest";
        recorder.result(result(variant.withDetail("wall"), LOAD, wall).withNote(note));
        recorder.result(result(variant.withDetail("processor"), LOAD, processor).withNote(note));
    }

    /** The clock runs from before the new state is made until the worker has it. */
    private void changes(PolicyNode node, ClusterState state, Variant variant, Recorder recorder) {
        final int warmUp = Math.min(WARM_UP_CHANGES, changeCount);
        ClusterState current = state;
        for (final PolicyChange change : PolicyChange.values()) {
            recorder.progress(name() + ": " + change.sentence());
            final double[] wall = new double[changeCount];
            final double[] processor = new double[changeCount];
            for (int i = -warmUp; i < changeCount; i++) {
                final long begin = System.nanoTime();
                final long beginCpu = cpuNs();
                current = change.of(cluster, current, warmUp + i);
                node.apply(current);
                final long usedCpu = cpuNs() - beginCpu;
                node.awaitPassed();
                if (i >= 0) {
                    wall[i] = (System.nanoTime() - begin) / 1e6;
                    processor[i] = usedCpu / 1e6;
                }
                node.poll();
            }
            final Variant kind = variant.withDetail(change.sentence());
            recorder.result(result(kind, CHANGE, wall));
            recorder.result(result(kind.withDetail(change.sentence() + ", processor"), CHANGE, processor)
                    .withNote("of the thread that applies it"));
            Arrays.sort(wall);
            recorder.result(result(kind, CHANGE_P99, wall[changeCount * 99 / 100]));
        }
    }

    private void whileChanging(
            PolicyNode node,
            PolicyNode other,
            ClusterState state,
            Variant variant,
            Settings settings,
            Recorder recorder) {
        final PolicyTurns turns = new PolicyTurns(cluster, state, node, other);
        recorder.progress(name() + ": warming up while policies change");
        turns.here(settings.warmUpSeconds() / 2);
        turns.elsewhere(settings.warmUpSeconds() / 2);
        final int runs = settings.runs();
        final double[] alone = new double[runs];
        final double[] elsewhere = new double[runs];
        final double[] here = new double[runs];
        final double[] keptOfAlone = new double[runs];
        final double[] keptOfElsewhere = new double[runs];
        final double[] made = new double[runs];
        final long dropped = node.dropped();
        for (int run = 0; run < runs; run++) {
            recorder.progress(name() + ": established flows, run " + (run + 1));
            alone[run] = turns.alone(settings.seconds());
            elsewhere[run] = turns.elsewhere(settings.seconds());
            here[run] = turns.here(settings.seconds());
            made[run] = turns.changesPerSecond();
            keptOfAlone[run] = here[run] / alone[run];
            keptOfElsewhere[run] = here[run] / elsewhere[run];
        }
        recorder.result(result(variant.withDetail("nothing changes"), Metric.RATE, alone));
        recorder.result(result(variant.withDetail("changes to another node"), Metric.RATE, elsewhere));
        recorder.result(result(variant.withDetail("changes to this node"), Metric.RATE, here));
        recorder.result(result(variant.withDetail("this node / nothing changes"), RATE_KEPT, keptOfAlone));
        recorder.result(result(variant.withDetail("this node / another node"), RATE_KEPT, keptOfElsewhere)
                .withNote("the same work by the same thread beside the worker"));
        recorder.result(result(variant.withDetail("to this node"), CHANGES_MADE, made)
                .withNote("of all kinds in turn, without a pause"));
        recorder.result(
                result(variant, DROPPED, (double) (node.dropped() - dropped)).withNote("while the policies changed"));
    }

    /** Many policies and few, in turns: of other pods, and of the pod that the packets go to. */
    private void newFlows(ClusterState state, Settings settings, Recorder recorder) throws InterruptedException {
        final List<byte[]> toSome = PolicyNode.frames(
                cluster.localPodsOfOneNamespace().stream()
                        .map(cluster::admitted)
                        .toList(),
                NEW_FLOWS / 10);
        contest(
                "in the cluster",
                List.of(cluster.stateWithPoliciesOfOneNamespace(), state),
                List.of(toSome, toSome),
                settings,
                recorder);
        contest(
                "of one pod",
                List.of(PolicyCluster.crowd(FEW_POLICIES), PolicyCluster.crowd(cluster.policies())),
                List.of(admittedByCrowd(FEW_POLICIES), admittedByCrowd(cluster.policies())),
                settings,
                recorder);
    }

    private static List<byte[]> admittedByCrowd(int policies) {
        final int used = Math.min(policies, NEW_FLOWS);
        return PolicyNode.frames(PolicyCluster.admittedByBlock(policies, used), NEW_FLOWS / used);
    }

    private void contest(
            String which, List<ClusterState> states, List<List<byte[]>> frames, Settings settings, Recorder recorder)
            throws InterruptedException {
        final List<double[]> rates = new ArrayList<>();
        try (PinnedThread thread = new PinnedThread(settings.core());
                PolicyNode few = new PolicyNode(frames.getFirst(), ThreadingMode.INVOKER, -1);
                PolicyNode many = new PolicyNode(frames.getLast(), ThreadingMode.INVOKER, -1)) {
            final List<PolicyNode> nodes = List.of(few, many);
            for (int i = 0; i < nodes.size(); i++) {
                nodes.get(i).apply(states.get(i));
                rates.add(new double[settings.runs()]);
            }
            recorder.progress(name() + ": new flows, policies " + which + ": warming up");
            final long end = System.nanoTime() + (long) (settings.warmUpSeconds() * 1e9);
            while (System.nanoTime() < end) {
                for (final PolicyNode node : nodes) {
                    thread.call(() -> newFlowsOf(node));
                }
            }
            final double[] kept = new double[settings.runs()];
            for (int run = 0; run < settings.runs(); run++) {
                recorder.progress(name() + ": new flows, policies " + which + ", run " + (run + 1));
                for (int i = 0; i < nodes.size(); i++) {
                    final PolicyNode node = nodes.get(i);
                    rates.get(i)[run] = thread.call(() -> medianOfNewFlows(node, settings.seconds()));
                }
                kept[run] = rates.getLast()[run] / rates.getFirst()[run];
            }
            final Variant variant = Variant.flows(few.flows()).withProtocol("tcp");
            recorder.result(result(
                    variant.withDetail("%,d policies %s".formatted(FEW_POLICIES, which)),
                    Metric.CONNECTIONS,
                    rates.getFirst()));
            recorder.result(result(
                    variant.withDetail("%,d policies %s".formatted(cluster.policies(), which)),
                    Metric.CONNECTIONS,
                    rates.getLast()));
            recorder.result(result(
                            variant.withDetail(
                                    "%,d / %,d policies %s".formatted(cluster.policies(), FEW_POLICIES, which)),
                            RATE_KEPT,
                            kept)
                    .withNote("new flows a second"));
        }
    }

    private static double medianOfNewFlows(PolicyNode node, double seconds) {
        final List<Double> rates = new ArrayList<>();
        final long end = System.nanoTime() + (long) (seconds * 1e9);
        do {
            rates.add(newFlowsOf(node));
        } while (System.nanoTime() < end);
        return rates.stream().sorted().toList().get(rates.size() / 2);
    }

    /** All connections are ended; the clock runs until each flow has one again. */
    private static double newFlowsOf(PolicyNode node) {
        node.endConnections();
        node.poll();
        final long runs = node.pipelineRuns();
        final long dropped = node.dropped();
        final long begin = System.nanoTime();
        for (int received = 0; received < node.flows(); ) {
            received += node.step();
        }
        final long tookNs = System.nanoTime() - begin;
        final long judged = node.pipelineRuns() - runs;
        if (node.dropped() != dropped || judged < node.flows()) {
            throw new IllegalStateException("of " + node.flows() + " new flows " + judged + " were judged, "
                    + (node.dropped() - dropped) + " dropped");
        }
        return judged * 1e9 / tookNs;
    }

    private static long cpuNs() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long usedBytes() {
        for (int i = 0; i < 4; i++) {
            System.gc();
            LockSupport.parkNanos(50_000_000);
        }
        final Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
