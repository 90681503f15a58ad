package io.weir.conntrack;

import static io.weir.conntrack.SenderThreads.NODE;
import static io.weir.conntrack.SenderThreads.START_NS;
import static io.weir.conntrack.SenderThreads.assertConsistent;
import static io.weir.conntrack.SenderThreads.compiler;
import static io.weir.conntrack.SenderThreads.inThreads;
import static io.weir.conntrack.SenderThreads.masquerade;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Verdict;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several threads on one table: what is shared must never be torn, doubled or lost. */
class ConcurrentConnectionsTest {
    private static final int THREADS = 4;

    /** All pods use the same ports to the same few destinations: every translated tuple is fought over. */
    @Test
    void noTwoConnectionsShareATranslatedTuple() throws Exception {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1 << 15);
        try (VersionSlots slots = new VersionSlots(8);
                ConntrackCompiler compiler = compiler(spec, slots)) {
            inThreads(THREADS, compiler, masquerade(), spec, (thread, sender) -> {
                for (int i = 0; i < 2_500; i++) {
                    final int pod = 0x0AF40000 | thread << 8 | i % 200;
                    final Verdict verdict = sender.send(pod, 5000 + i / 200 % 5, 0x01010101 + i % 3, 53, START_NS);
                    assertThat(verdict).isEqualTo(Verdict.FORWARD);
                }
            });
            assertConsistent(compiler.table(), START_NS);
        }
    }

    /** The A and AAAA queries of one socket, by two workers at once: none may be lost, and both leave by one port. */
    @Test
    void oneConnectionOpenedByAllThreadsAtOnceLosesNoPacket() throws Exception {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1 << 15);
        final int rounds = 500;
        final int[][] ports = new int[THREADS][rounds];
        try (VersionSlots slots = new VersionSlots(8);
                ConntrackCompiler compiler = compiler(spec, slots)) {
            final AtomicLong arrived = new AtomicLong();
            inThreads(THREADS, compiler, masquerade(), spec, (thread, sender) -> {
                for (int round = 0; round < rounds; round++) {
                    arrived.incrementAndGet();
                    while (arrived.get() < (round + 1L) * THREADS) {
                        Thread.onSpinWait();
                    }
                    final Verdict verdict =
                            sender.send(0x0AF40001 + (round & 7), 2000 + round, 0x01010101, 53, START_NS);
                    assertThat(verdict).isEqualTo(Verdict.FORWARD);
                    ports[thread][round] = sender.decision.sourcePort();
                }
            });
            for (int round = 0; round < rounds; round++) {
                for (int thread = 1; thread < THREADS; thread++) {
                    assertThat(ports[thread][round]).isEqualTo(ports[0][round]);
                }
            }
            assertThat(compiler.table().count()).isEqualTo(rounds);
            assertConsistent(compiler.table(), START_NS);
        }
    }

    /** Creation, expiry, eviction and lookups all at once in a table that is too small. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void churnInASmallTableKeepsTableAndIndexInStep(long seed) throws Exception {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(2048);
        final AtomicLong clock = new AtomicLong(START_NS);
        final AtomicBoolean done = new AtomicBoolean();
        try (VersionSlots slots = new VersionSlots(8);
                ConntrackCompiler compiler = compiler(spec, slots)) {
            inThreads(THREADS, compiler, masquerade(), spec, (thread, sender) -> {
                final SplittableRandom random = new SplittableRandom(seed * 31 + thread);
                for (int i = 0; i < 8_000; i++) {
                    final long nowNs = clock.addAndGet(thread == 0 ? 4_000_000 : 0);
                    final int pod = 0x0AF40000 | random.nextInt(4000);
                    final Verdict verdict = sender.send(pod, 5000, 0x01010101, 53, nowNs);
                    if (verdict == Verdict.FORWARD && sender.decision.connection() != Decision.NONE) {
                        final int port = sender.decision.sourcePort();
                        final int generation = sender.decision.connectionGeneration();
                        final int entry = sender.decision.connection();
                        final Verdict back = sender.send(0x01010101, 53, NODE.ipv4Bits(), port, nowNs);
                        if (back == Verdict.FORWARD && sender.decision.isReply()) {
                            // whatever connection holds the port now, the answer goes to a pod, never to a mixture
                            assertThat((int) sender.decision.destinationLow() >>> 12)
                                    .isEqualTo(0x0AF40000 >>> 12);
                            assertThat(sender.decision.destinationPort()).isEqualTo(5000);
                            if (sender.decision.connection() == entry
                                    && sender.decision.connectionGeneration() == generation) {
                                assertThat((int) sender.decision.destinationLow())
                                        .isEqualTo(pod);
                            }
                        }
                    }
                    compiler.table().sweep(nowNs, 64);
                }
                done.set(true);
            });
            assertThat(done).isTrue();
            assertConsistent(compiler.table(), clock.get());
            final long far = clock.get() + 400_000_000_000L;
            for (int i = 0; i < 3; i++) {
                compiler.table().sweep(far + i * 1_000_000_000L, Integer.MAX_VALUE);
            }
            assertThat(compiler.table().count()).isZero();
            assertThat(compiler.table().indexedTuples())
                    .as("tuples left in the index")
                    .isZero();
        }
    }
}
