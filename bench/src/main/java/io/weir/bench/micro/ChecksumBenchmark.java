package io.weir.bench.micro;

import io.weir.dataplane.wire.Crc32c;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.UdpFlyweight;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What does it cost to keep a checksum right: by difference, or anew? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChecksumBenchmark {
    private static final int LENGTH = 1480;

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[LENGTH]);
    private final UdpFlyweight udp = new UdpFlyweight();
    private int port;

    /** A port changes, and the checksum follows by difference (RFC 1624). */
    @Benchmark
    public int byDifference() {
        udp.wrap(buffer, 0);
        udp.destinationPortWithChecksumUpdate(port++ & 0xFFFF);
        return udp.checksum();
    }

    /** 1,480 bytes are summed up. */
    @Benchmark
    public long anew() {
        return InternetChecksum.sum(buffer, 0, LENGTH);
    }

    /** 1,480 bytes of an SCTP packet. */
    @Benchmark
    public int crc32c() {
        return Crc32c.compute(buffer, 0, LENGTH);
    }
}
