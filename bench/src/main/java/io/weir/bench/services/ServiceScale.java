package io.weir.bench.services;

import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.NodeConfigReader;
import io.weir.agent.config.Origin;
import io.weir.agent.node.CounterMemory;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.NodeObjects;
import io.weir.agent.node.StationAddresses;
import io.weir.agent.simulation.PlainCounterMemory;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.bench.throughput.Traffic;
import io.weir.conntrack.ConnectionFilter;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.worker.ThreadingMode;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A whole node with very many Services: how long they take to load, how much memory, how long one endpoint's change takes
 * from the cluster's new state to the worker, and what the packets that flow meanwhile notice of it. A worker of its own
 * thread forwards the packets of one pod to all Services all the time.
 */
public final class ServiceScale implements Experiment {
    private static final Metric LOAD = new Metric("load", "ms", false);
    private static final Metric CHANGE = new Metric("change", "ms", false);
    private static final Metric CHANGE_P99 = new Metric("change-p99", "ms", false);
    private static final Metric MEMORY = new Metric("heap", "MiB", false);
    private static final Metric DROPPED = new Metric("dropped", "packets", false);
    private static final Metric REDECIDED = new Metric("re-decided-per-change", "packets", false);

    private static final int MANY = 10_000;
    private static final int FEW = 10;
    private static final int FLOWS = 100_000;
    private static final int CHANGES = 500;
    private static final int WARM_UP_CHANGES = 300;

    private final String name;
    private final int services;
    private final int endpointsEach;

    /** 10,000 Services with 10 endpoints each. */
    public static ServiceScale services() {
        return new ServiceScale("scale-services", MANY, FEW);
    }

    /** 10 Services with 10,000 endpoints each. */
    public static ServiceScale endpoints() {
        return new ServiceScale("scale-endpoints", FEW, MANY);
    }

    ServiceScale(String name, int services, int endpointsEach) {
        this.name = name;
        this.services = services;
        this.endpointsEach = endpointsEach;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String describe() {
        return "%,d Services with %,d endpoints: load, memory, one endpoint's change while packets flow, new flows a second"
                .formatted(services, services * endpointsEach);
    }

    private static NodeConfig config() {
        return NodeConfigReader.read(
                NodeConfigReader.EMPTY,
                List.of(
                        "nodeName=" + ServiceCluster.NODE,
                        "nodeAddresses=192.0.2.1",
                        "podCidrs=10.0.0.0/24",
                        "clusterCidrs=10.0.0.0/8",
                        "serviceCidrs=10.96.0.0/12",
                        "tables.connections=1048576",
                        "tables.flows=262144",
                        "workers.idle=spin",
                        "ports.uplinks[0].name=uplink"));
    }

    private static List<byte[]> frames(int flows, int services) {
        return new Traffic(flows, 60, false, false)
                .frames(new Traffic.Ends(
                        ServiceNodePorts.podMac(),
                        StationAddresses.GATEWAY,
                        ServiceCluster.FIRST_CLIENT.high(),
                        ServiceCluster.FIRST_CLIENT.low(),
                        ServiceCluster.FIRST_CLUSTER_IP.high(),
                        ServiceCluster.FIRST_CLUSTER_IP.low(),
                        services,
                        ServiceCluster.PORT));
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException {
        final Variant variant = Variant.flows(FLOWS)
                .withDetail("%,d Services, %,d endpoints".formatted(services, services * endpointsEach));
        recorder.progress(name() + ": making the cluster's objects");
        final ServiceCluster cluster = new ServiceCluster(services, endpointsEach);
        final NodeConfig config = config();
        loads(cluster, config, variant, settings.runs(), recorder);

        final long before = usedBytes();
        try (PlainCounterMemory counters = new PlainCounterMemory();
                NodeDataplane node = node(cluster.state(), config, counters, frames(variant.flows(), services))) {
            node.dataplane().start();
            node.apply(local(cluster.state(), config, new NodeObjects()));
            node.dataplane().awaitPassed();
            recorder.result(Result.of(name(), variant, Subject.WEIR, MEMORY, (usedBytes() - before) / 1048576.0)
                    .withNote("tables, specs and translations; without the Kubernetes objects"));
            recorder.progress(name() + ": changing one endpoint, " + CHANGES + " times");
            settle(node);
            changes(cluster, config, node, variant, recorder);
            recorder.progress(name() + ": new flows");
            newFlows(node, variant, settings, recorder);
        }
    }

    private void loads(ServiceCluster cluster, NodeConfig config, Variant variant, int runs, Recorder recorder) {
        final double[] wall = new double[runs];
        final double[] processor = new double[runs];
        for (int i = 0; i < runs; i++) {
            try (PlainCounterMemory counters = new PlainCounterMemory();
                    NodeDataplane node = node(cluster.state(), config, counters, frames(1, 1))) {
                node.dataplane().start();
                final long begin = System.nanoTime();
                final long beginCpu = cpuNs();
                node.apply(local(cluster.state(), config, new NodeObjects()));
                processor[i] = (cpuNs() - beginCpu) / 1e6;
                node.dataplane().awaitPassed();
                wall[i] = (System.nanoTime() - begin) / 1e6;
            }
        }
        final String note = "from objects in memory to the worker; the first run, on a cold JVM, is the highest";
        record(recorder, variant, "wall", LOAD, wall, note);
        record(recorder, variant, "processor", LOAD, processor, note);
    }

    private void record(Recorder recorder, Variant variant, String clock, Metric metric, double[] values, String note) {
        recorder.result(
                Result.of(name(), variant.withDetail(variant.detail() + ", " + clock), Subject.WEIR, metric, values)
                        .withNote(note));
    }

    private static LocalNode local(ClusterState state, NodeConfig config, NodeObjects endpoints) {
        final LoadedConfig loaded = new LoadedConfig(state, config, Origin.of("bench"), List.of());
        return LocalNode.of(ServiceCluster.NODE, loaded, state, List.of(), endpoints);
    }

    private static NodeDataplane node(
            ClusterState state, NodeConfig config, CounterMemory counters, List<byte[]> frames) {
        return new NodeDataplane(
                local(state, config, new NodeObjects()),
                NodeDataplane.settings(config, ThreadingMode.DEDICATED),
                SystemNanoClock.INSTANCE,
                counters,
                new ServiceNodePorts(frames));
    }

    /** Until all flows are known and the JIT has seen them. */
    private static void settle(NodeDataplane node) {
        final long end = System.nanoTime() + 3_000_000_000L;
        while (System.nanoTime() < end) {
            node.poll(System.nanoTime());
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** The clock runs from before the new state is made until the worker has it. */
    private void changes(
            ServiceCluster cluster, NodeConfig config, NodeDataplane node, Variant variant, Recorder recorder) {
        final SplittableRandom random = new SplittableRandom(1);
        final NodeObjects endpoints = new NodeObjects();
        final double[] wall = new double[CHANGES];
        final double[] processor = new double[CHANGES];
        long runs = 0;
        long dropped = 0;
        for (int i = -WARM_UP_CHANGES; i < CHANGES; i++) {
            if (i == 0) {
                runs = runs(node);
                dropped = dropped(node);
            }
            final int service = random.nextInt(services);
            final long begin = System.nanoTime();
            final long beginCpu = cpuNs();
            node.apply(local(cluster.replaceEndpoint(service), config, endpoints));
            final long usedCpu = cpuNs() - beginCpu;
            node.dataplane().awaitPassed();
            if (i >= 0) {
                wall[i] = (System.nanoTime() - begin) / 1e6;
                processor[i] = usedCpu / 1e6;
            }
            node.poll(System.nanoTime());
        }
        record(recorder, variant, "wall", CHANGE, wall, "from the endpoint's change to the worker");
        record(recorder, variant, "processor", CHANGE, processor, "of the thread that applies it");
        Arrays.sort(wall);
        recorder.result(Result.of(name(), variant, Subject.WEIR, CHANGE_P99, wall[CHANGES * 99 / 100]));
        recorder.result(Result.of(name(), variant, Subject.WEIR, DROPPED, (double) (dropped(node) - dropped))
                .withNote("while the endpoints changed"));
        recorder.result(Result.of(name(), variant, Subject.WEIR, REDECIDED, (double) (runs(node) - runs) / CHANGES)
                .withNote("%,d flows; a change concerns the %.1f of them that have the endpoint"
                        .formatted(variant.flows(), (double) variant.flows() / services / endpointsEach)));
    }

    /** All connections are ended; the clock runs until all flows have one again. */
    private void newFlows(NodeDataplane node, Variant variant, Settings settings, Recorder recorder) {
        final double[] rates = new double[settings.runs()];
        for (int i = -2; i < rates.length; i++) {
            final long goal = runs(node) + variant.flows();
            node.flushConnections(ConnectionFilter.ALL, System.nanoTime());
            final long begin = System.nanoTime();
            while (runs(node) < goal) {
                Thread.onSpinWait();
            }
            if (i >= 0) {
                rates[i] = variant.flows() * 1e9 / (System.nanoTime() - begin);
            }
        }
        recorder.result(Result.of(name(), variant, Subject.WEIR, Metric.CONNECTIONS, rates)
                .withNote("every packet begins a connection with the backend of one of the Services"));
    }

    private static long runs(NodeDataplane node) {
        return node.dataplane().total(counters -> counters.value(PathCounter.PIPELINE_RUNS));
    }

    private static long dropped(NodeDataplane node) {
        return node.dataplane().total(PathCounters::totalDrops);
    }

    private static long cpuNs() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long usedBytes() throws InterruptedException {
        for (int i = 0; i < 4; i++) {
            System.gc();
            Thread.sleep(50);
        }
        final Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
