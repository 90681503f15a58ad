package io.weir.bench.micro;

import io.weir.bench.throughput.BenchNetwork;
import io.weir.bench.throughput.Traffic;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.DataplaneDrop;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What do the checks of all headers of a packet cost on the slow path? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ParseBenchmark {
    @Param({"false", "true"})
    private boolean ipv6;

    @Param({"false", "true"})
    private boolean tcp;

    private final Packet packet = new Packet();
    private long address;

    @Setup
    public void fill() {
        final byte[] frame =
                new Traffic(1, 80, ipv6, tcp).frames(BenchNetwork.ends(ipv6)).getFirst();
        address = OffHeap.allocate(4096);
        OffHeap.copy(frame, 0, address, frame.length);
        PacketParser.locate(packet, address, frame.length, 0, 0, 0, 0, false, 0);
    }

    @Benchmark
    public @Nullable DataplaneDrop parse() {
        return PacketParser.parse(packet);
    }

    @TearDown
    public void free() {
        OffHeap.free(address);
    }
}
