package io.weir.bench.policy;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.policy.PolicyCompiler;
import io.weir.policy.PolicyTable;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/** Measures a big cluster once: load, memory, one change of each kind. {@code PolicyScale [pods namespaces policies]}. */
public final class PolicyScale {
    private static final int CHANGES = 200;

    private final PrintStream out;
    private final PolicyCluster cluster;
    private final VersionSlots slots;
    private final PolicyCompiler compiler;
    private int touched;

    private PolicyScale(PrintStream out, int pods, int namespaces, int policies) {
        this.out = out;
        cluster = new PolicyCluster(pods, namespaces, policies);
        slots = new VersionSlots(2 * pods + 1);
        compiler = new PolicyCompiler(slots);
    }

    /** Runs it. */
    public static void main(String[] arguments) {
        final int[] sizes = arguments.length == 3
                ? Arrays.stream(arguments).mapToInt(Integer::parseInt).toArray()
                : new int[] {10_000, 1_000, 10_000};
        new PolicyScale(System.out, sizes[0], sizes[1], sizes[2]).run();
    }

    private void run() {
        final PolicySpec spec = cluster.spec();
        for (int i = 0; i < 3; i++) {
            final long begin = System.nanoTime();
            final long beginCpu = cpuNs();
            try (VersionSlots scratch = new VersionSlots(20_000)) {
                new PolicyCompiler(scratch).compile(spec, new Changes());
            }
            out.printf(
                    "load, round %d: %.1f ms, %.1f ms of processor%n",
                    i + 1, (System.nanoTime() - begin) / 1e6, (cpuNs() - beginCpu) / 1e6);
        }
        final long before = usedBytes();
        final PolicyTable table = compiler.compile(spec, new Changes());
        out.printf("compiler and table: %.1f MiB of heap; %s%n", (usedBytes() - before) / 1048576.0, table);
        final int namespaces = cluster.namespaces.size();
        final int pods = cluster.pods.size();
        measure("pod of a known kind added", i -> {
            final PodSpec pod = PolicyCluster.pod(pods + i * 40 + 1, namespaces);
            cluster.pods.add(pod);
        });
        measure("pod of a new kind added", i -> {
            final PodSpec pod = PolicyCluster.pod(pods + i * 40 + 2, namespaces);
            cluster.pods.add(new PodSpec(
                    pod.namespace(), pod.name(), Map.of("app", "web", "n", "" + i), pod.addresses(), List.of(), false));
        });
        measure("local pod added", i -> cluster.pods.add(PolicyCluster.pod(pods + 40 * i, namespaces)));
        measure("pod removed", i -> cluster.pods.removeLast());
        measure("policy of a local pod's namespace changed", i -> replacePolicy(40 * i % namespaces));
        measure("policy of some namespace changed", i -> replacePolicy(1 + i));
        measure(
                "labels of a namespace changed",
                i -> cluster.namespaces.put(
                        "ns-" + i, Map.of("team", "t" + (i + 7) % 50, "kubernetes.io/metadata.name", "ns-" + i)));
        slots.close();
        crowd(1_000);
        crowd(10_000);
    }

    /** As many policies as kinds of pods, all in one namespace, each with a selector of its own. */
    private void crowd(int size) {
        final PolicySpec crowd = PolicyCluster.crowd(size);
        for (int i = 0; i < 3; i++) {
            try (VersionSlots scratch = new VersionSlots(16)) {
                final long beginCpu = cpuNs();
                new PolicyCompiler(scratch).compile(crowd, new Changes());
                out.printf(
                        "crowd of %d in one namespace, round %d: %.1f ms of processor%n",
                        size, i + 1, (cpuNs() - beginCpu) / 1e6);
            }
        }
    }

    private void replacePolicy(int index) {
        final NetworkPolicySpec old = cluster.networkPolicies.get(index);
        cluster.networkPolicies.set(
                index,
                new NetworkPolicySpec(
                        old.namespace(),
                        old.name(),
                        old.pods(),
                        true,
                        !old.egress(),
                        old.ingressRules(),
                        old.egressRules()));
    }

    /** The compile alone: making the spec's lists is the translator's. */
    private void measure(String what, IntConsumer change) {
        final long[] times = new long[CHANGES];
        final long[] processor = new long[CHANGES];
        touched = 0;
        for (int i = 0; i < CHANGES; i++) {
            change.accept(i);
            final PolicySpec spec = cluster.spec();
            final Changes changes = new Changes();
            final long beginCpu = cpuNs();
            final long begin = System.nanoTime();
            compiler.compile(spec, changes);
            times[i] = System.nanoTime() - begin;
            processor[i] = cpuNs() - beginCpu;
            touched += changes.touchedSlots().size();
        }
        Arrays.sort(times);
        Arrays.sort(processor);
        out.printf(
                "%s: median %.2f ms, 99th of 100 %.2f ms; of processor %.2f and %.2f ms; %.1f slots touched%n",
                what,
                times[CHANGES / 2] / 1e6,
                times[CHANGES * 99 / 100] / 1e6,
                processor[CHANGES / 2] / 1e6,
                processor[CHANGES * 99 / 100] / 1e6,
                (double) touched / CHANGES);
    }

    /** What this thread itself consumed: tells more than the clock on a busy machine. */
    private static long cpuNs() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long usedBytes() {
        final Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
