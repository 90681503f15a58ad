package io.weir.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several threads on one table: what is shared must never be torn, doubled or lost. */
class ConcurrentConnectionsTest {
    private static final int THREADS = 4;
    private static final long START_NS = 1_000_000_000_000L;
    private static final IpAddress NODE = IpAddress.parse("192.168.0.10");

    private static final Stage ROUTE = new Stage() {
        @Override
        public String name() {
            return "route";
        }

        @Override
        public Verdict decide(Packet packet, Decision decision) {
            decision.leaveBy(1, 9, 1500);
            return Verdict.CONTINUE;
        }

        @Override
        public String describe() {
            return "everything by one port";
        }
    };

    /** One thread's packets through the shared stages. */
    private static final class Sender implements AutoCloseable {
        final Packet packet = new Packet();
        final Decision decision = new Decision();
        private final Pipeline pipeline;
        private final long memory = OffHeap.allocate(4096);
        private final byte[] frame;

        Sender(ConntrackStages stages) {
            pipeline = new Pipeline(List.of(stages.conntrack(), ROUTE, stages.snat(), stages.commit()));
            frame = PacketBuilder.packet()
                    .ethernet()
                    .ip("10.244.0.0", "1.1.1.1")
                    .udp(1, 53)
                    .payload("x")
                    .build();
        }

        /** A UDP packet; the header checksum is put right. */
        Verdict send(int source, int sourcePort, int destination, int destinationPort, long nowNs) {
            OffHeap.copy(frame, 0, memory, frame.length);
            OffHeap.putIntBigEndian(memory + 26, source);
            OffHeap.putIntBigEndian(memory + 30, destination);
            OffHeap.putShortBigEndian(memory + 34, sourcePort);
            OffHeap.putShortBigEndian(memory + 36, destinationPort);
            OffHeap.putShortBigEndian(memory + 24, 0);
            int sum = 0;
            for (int i = 14; i < 34; i += 2) {
                sum += OffHeap.getShortBigEndian(memory + i);
            }
            sum = (sum & 0xFFFF) + (sum >>> 16);
            OffHeap.putShortBigEndian(memory + 24, ~((sum & 0xFFFF) + (sum >>> 16)));
            PacketParser.locate(packet, memory, frame.length, Packet.NONE, 3, 1, 0, false, nowNs);
            assertThat(PacketParser.parse(packet)).isNull();
            decision.reset(packet);
            return pipeline.decide(packet, decision);
        }

        @Override
        public void close() {
            OffHeap.free(memory);
        }
    }

    private interface Work {
        void run(int thread, Sender sender) throws Exception;
    }

    private static void inThreads(ConntrackCompiler compiler, SnatSpec snat, ConntrackSpec spec, Work work)
            throws InterruptedException {
        final ConntrackStages stages = compiler.compile(spec, snat);
        final List<Throwable> failures = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            final int id = i;
            threads.add(Thread.ofPlatform().start(() -> {
                try (Sender sender = new Sender(stages)) {
                    work.run(id, sender);
                } catch (final Throwable e) {
                    synchronized (failures) {
                        failures.add(e);
                    }
                }
            }));
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }

    private static ConntrackCompiler compiler(ConntrackSpec spec, VersionSlots slots) {
        return new ConntrackCompiler(spec, BackendStates.ALL_PRESENT, slots, new SplittableRandom(3));
    }

    private static SnatSpec masquerade() {
        return new SnatSpec(
                SnatRule.ipMasqAgent(List.of(IpPrefix.parse("10.0.0.0/8")), List.of(), true, true),
                Map.of(),
                List.of(NODE),
                30_000,
                32_767,
                false);
    }

    private static void assertConsistent(ConntrackTable table, long nowNs) {
        final Map<String, ConnectionRecord> tuples = new HashMap<>();
        final AtomicLong live = new AtomicLong();
        table.forEach(ConnectionFilter.ALL, nowNs, connection -> {
            live.incrementAndGet();
            final String reply = connection.protocol() + " " + connection.replySource() + " "
                    + connection.replySourcePort() + " " + connection.replyDestination() + " "
                    + connection.replyDestinationPort();
            assertThat(tuples.put(reply, connection))
                    .as("two connections answer to " + reply)
                    .isNull();
        });
        assertThat(table.count()).isEqualTo(live.get());
    }

    /** All pods use the same ports to the same few destinations: every translated tuple is fought over. */
    @Test
    void noTwoConnectionsShareATranslatedTuple() throws Exception {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1 << 15);
        try (VersionSlots slots = new VersionSlots(8);
                ConntrackCompiler compiler = compiler(spec, slots)) {
            inThreads(compiler, masquerade(), spec, (thread, sender) -> {
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
            inThreads(compiler, masquerade(), spec, (thread, sender) -> {
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
            inThreads(compiler, masquerade(), spec, (thread, sender) -> {
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
