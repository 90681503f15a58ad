package io.weir.conntrack;

import static io.weir.conntrack.StageRig.tcp;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** More SYNs than the table holds, many times over. */
class SynFloodTest {
    private static final int TABLE = 4096;
    private static final int ESTABLISHED = 2000;
    private static final int SYNS = 60_000;

    @Test
    void aFloodEvictsItsOwnHalfOpenConnectionsAndNoEstablishedOne() {
        try (StageRig rig = new StageRig(ConntrackSpec.DEFAULT.withCapacity(TABLE), SnatSpec.NONE)) {
            final Map<Integer, Integer> generations = new HashMap<>();
            for (int i = 0; i < ESTABLISHED; i++) {
                open(rig, i);
                generations.put(rig.decision.connection(), rig.decision.connectionGeneration());
            }
            final long memory = OffHeap.allocate(256);
            try {
                flood(rig, memory);
            } finally {
                OffHeap.free(memory);
            }
            assertThat(rig.table.counter(ConntrackCounter.EVICTED)).isGreaterThan(SYNS - 2L * TABLE);
            for (int i = 0; i < ESTABLISHED; i++) {
                assertThat(rig.outcome(client(i, "A").seq(101).ack(501).payload("x")))
                        .isEqualTo("forward");
                assertThat(generations).containsEntry(rig.decision.connection(), rig.decision.connectionGeneration());
            }
        }
    }

    /** Each SYN from another address, one every 5 µs; in between, data of the established connections. */
    private static void flood(StageRig rig, long memory) {
        final byte[] syn = tcp("10.9.0.0", 1, "10.0.0.2", 80, "S").seq(1).build();
        for (int i = 0; i < SYNS; i++) {
            rig.nowNs += 5_000;
            OffHeap.copy(syn, 0, memory, syn.length);
            OffHeap.putIntBigEndian(memory + 26, 0x0B000000 + i);
            OffHeap.putShortBigEndian(memory + 24, 0);
            int sum = 0;
            for (int at = 14; at < 34; at += 2) {
                sum += OffHeap.getShortBigEndian(memory + at);
            }
            sum = (sum & 0xFFFF) + (sum >>> 16);
            OffHeap.putShortBigEndian(memory + 24, ~((sum & 0xFFFF) + (sum >>> 16)));
            final Verdict verdict = rig.receive(memory, syn.length, 3, 1, false);
            assertThat(verdict).as("SYN %d finds room", i).isEqualTo(Verdict.FORWARD);
            if (i % 20 == 0) {
                final int one = i / 20 % ESTABLISHED;
                assertThat(rig.outcome(client(one, "A").seq(101).ack(501))).isEqualTo("forward");
                assertThat(rig.decision.connection()).isNotEqualTo(Decision.NONE);
            }
        }
    }

    private static void open(StageRig rig, int number) {
        assertThat(rig.outcome(client(number, "S").seq(100).window(60_000))).isEqualTo("forward");
        assertThat(rig.outcome(tcp("10.0.0.2", 80, "10.0.0.1", 2000 + number, "SA")
                        .seq(500)
                        .ack(101)
                        .window(60_000)))
                .isEqualTo("forward");
        assertThat(rig.outcome(client(number, "A").seq(101).ack(501).window(60_000)))
                .isEqualTo("forward");
    }

    private static PacketBuilder client(int number, String flags) {
        return tcp("10.0.0.1", 2000 + number, "10.0.0.2", 80, flags).window(60_000);
    }
}
