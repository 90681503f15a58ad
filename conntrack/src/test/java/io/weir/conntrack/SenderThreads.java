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
import java.util.concurrent.atomic.AtomicLong;

/** Threads that send UDP packets through the stages of one table. */
final class SenderThreads {
    static final long START_NS = 1_000_000_000_000L;
    static final IpAddress NODE = IpAddress.parse("192.168.0.10");

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
    static final class Sender implements AutoCloseable {
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

    interface Work {
        void run(int thread, Sender sender) throws Exception;
    }

    static void inThreads(int count, ConntrackCompiler compiler, SnatSpec snat, ConntrackSpec spec, Work work)
            throws InterruptedException {
        final ConntrackStages stages = compiler.compile(spec, snat);
        final List<Throwable> failures = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
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

    static ConntrackCompiler compiler(ConntrackSpec spec, VersionSlots slots) {
        return new ConntrackCompiler(spec, BackendStates.ALL_PRESENT, slots, new SplittableRandom(3));
    }

    static SnatSpec masquerade() {
        return new SnatSpec(
                SnatRule.ipMasqAgent(List.of(IpPrefix.parse("10.0.0.0/8")), List.of(), true, true),
                Map.of(),
                List.of(NODE),
                30_000,
                32_767,
                false);
    }

    static void assertConsistent(ConntrackTable table, long nowNs) {
        final Map<String, ConnectionRecord> tuples = new HashMap<>();
        final AtomicLong live = new AtomicLong();
        final AtomicLong translated = new AtomicLong();
        table.forEach(ConnectionFilter.ALL, nowNs, connection -> {
            live.incrementAndGet();
            translated.addAndGet(connection.isSourceTranslated() ? 1 : 0);
            final String reply = connection.protocol() + " " + connection.replySource() + " "
                    + connection.replySourcePort() + " " + connection.replyDestination() + " "
                    + connection.replyDestinationPort();
            assertThat(tuples.put(reply, connection))
                    .as("two connections answer to " + reply)
                    .isNull();
        });
        assertThat(table.count()).isEqualTo(live.get());
        assertThat(table.translatedCount()).isEqualTo(translated.get());
    }

    private SenderThreads() {}
}
