package io.weir.bench.policy;

import io.weir.agent.policy.LocalView;
import io.weir.agent.policy.PolicyTranslator;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.policy.PolicyCompiler;
import io.weir.policy.PolicyTable;
import io.weir.policy.classify.Protocol;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Does a verdict cost the same with ten rules and with ten thousand? Both ends are judged, addresses looked up. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"})
public class PolicyVerdictBenchmark {
    private static final int PEERS = 64;

    @Param({"10", "100", "1000", "10000"})
    private int rules;

    private final VersionSlots slots = new VersionSlots(16);
    private List<PolicyCluster.Admitted> fromPods = List.of();
    private List<PolicyCluster.Admitted> fromBlocks = List.of();
    private PolicyTable table = PolicyTable.EMPTY;
    private int next;

    /** Compiles the rules. */
    @Setup
    public void compile() {
        final LocalView node = new LocalView(PolicyCluster.NODE, Set.of(), Map.of(), Set.of(), false);
        table = new PolicyCompiler(slots)
                .compile(new PolicyTranslator().translate(PolicyCluster.crowd(rules), node), new Changes());
        fromPods = PolicyCluster.admittedByPod(rules, PEERS);
        fromBlocks = PolicyCluster.admittedByBlock(rules, PEERS);
    }

    /** Frees the slots. */
    @TearDown
    public void close() {
        slots.close();
    }

    /** A peer that a selector allows, at the allowed port. */
    @Benchmark
    public boolean fromPod() {
        next = next + 1 & PEERS - 1;
        return allows(fromPods.get(next));
    }

    /** A peer that a block allows, at the allowed port. */
    @Benchmark
    public boolean fromBlock() {
        next = next + 1 & PEERS - 1;
        return allows(fromBlocks.get(next));
    }

    private boolean allows(PolicyCluster.Admitted packet) {
        return table.allows(packet.source(), packet.destination(), Protocol.TCP, packet.port());
    }
}
