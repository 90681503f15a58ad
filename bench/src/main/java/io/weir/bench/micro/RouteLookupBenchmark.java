package io.weir.bench.micro;

import io.weir.dataplane.route.PrefixTrie;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Random;
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

/** What does a longest-prefix lookup cost, with the routes of a small node and with those of the Internet? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RouteLookupBenchmark {
    private static final int ADDRESSES = 4096;

    @Param({"10", "1000000"})
    private int routes;

    @Param({"false", "true"})
    private boolean ipv6;

    private final long[] highs = new long[ADDRESSES];
    private final long[] lows = new long[ADDRESSES];
    private PrefixTrie<String> trie = PrefixTrie.empty();
    private int next;

    @Setup
    public void fill() {
        final Random random = new Random(7);
        for (int i = 0; i < routes; i++) {
            final IpAddress address = randomAddress(random);
            final int length = ipv6 ? 32 + random.nextInt(33) : 16 + random.nextInt(9);
            trie = trie.put(new IpPrefix(address, length), "route");
        }
        for (int i = 0; i < ADDRESSES; i++) {
            final IpAddress address = randomAddress(random);
            highs[i] = address.high();
            lows[i] = address.low();
        }
    }

    private IpAddress randomAddress(Random random) {
        return ipv6
                ? new IpAddress(0x2000_0000_0000_0000L | (random.nextLong() >>> 4), random.nextLong())
                : IpAddress.ipv4(random.nextInt());
    }

    @Benchmark
    public @Nullable String find() {
        next = (next + 1) & (ADDRESSES - 1);
        return trie.find(highs[next], lows[next]);
    }
}
