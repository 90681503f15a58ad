package io.weir.bench.micro;

import io.weir.bench.throughput.Rig;
import io.weir.bench.throughput.Scenarios;
import io.weir.bench.throughput.Traffic;
import io.weir.dataplane.flow.PacketListener;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What does a packet cost when the flow cache knows it, and what when it goes through the pipeline? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Rig.BURST)
public class FlowPathBenchmark {
    @Param({"1000", "100000", "1000000"})
    private int flows;

    @Param({"l3", "chain"})
    private String scenario = "l3";

    /** Whether the flow cache is asked. */
    @Param({"true", "false"})
    private boolean cached;

    @SuppressWarnings("NullAway.Init") // by build()
    private Rig rig;

    @Setup
    public void build() {
        rig = Scenarios.byName(scenario).orElseThrow().build(new Traffic(flows, 64, false, false));
        if (!cached) {
            rig.dataplane().listen(worker -> new PacketListener() {});
        }
        for (int i = 0; i < 2 * flows / Rig.BURST + 1; i++) {
            rig.step();
        }
    }

    @Benchmark
    public int burst() {
        return rig.step();
    }

    @TearDown
    public void close() {
        rig.close();
    }
}
