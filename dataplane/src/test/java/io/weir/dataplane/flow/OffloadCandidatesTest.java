package io.weir.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which flows the control thread is told of. */
final class OffloadCandidatesTest {
    private static final int THRESHOLD = 100_000;
    private static final int BIG = 30_000;

    private final OffloadCandidates candidates = new OffloadCandidates(THRESHOLD);
    private final long entry = OffHeap.allocate(FlowEntry.LENGTH);

    private record Told(OffloadKey key, int connection, int generation, boolean isReply) {}

    @AfterEach
    void free() {
        OffHeap.free(entry);
    }

    private List<Told> told() {
        final List<Told> told = new ArrayList<>();
        candidates.drain(
                (key, connection, generation, isReply) -> told.add(new Told(key, connection, generation, isReply)),
                10_000);
        return told;
    }

    private void flow(String source, String destination, int protocol, int scope, int flags) {
        OffHeap.zero(entry, FlowEntry.LENGTH);
        final byte[] from = IpAddress.parse(source).toBytes();
        final byte[] to = IpAddress.parse(destination).toBytes();
        final int family = from.length == 4 ? FlowEntry.FAMILY_IPV4 : FlowEntry.FAMILY_IPV6;
        OffHeap.putLong(entry, FlowEntry.word0(0, protocol, family, scope));
        OffHeap.copy(
                ByteBuffer.allocate(4)
                        .putShort((short) 40_001)
                        .putShort((short) 50_002)
                        .array(),
                0,
                entry,
                4);
        OffHeap.copy(from, 0, entry + 8, from.length);
        OffHeap.copy(to, 0, entry + 8 + from.length, to.length);
        FlowEntry.action(entry, flags | (from.length == 4 ? 0 : FlowEntry.IPV6), 5);
        FlowEntry.connection(entry, 77, 9);
    }

    private void count(int packets) {
        final int offset = FlowEntry.bytesOffset(FlowEntry.family(entry));
        for (int i = 0; i < packets; i++) {
            FlowEntry.count(entry, offset, BIG);
            candidates.counted(entry, offset, BIG);
        }
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.1, 10.0.0.200, false", "fd00::1, fd00::ffff, true"})
    void aFlowIsToldOfWhenItHasCarriedEnough(String source, String destination, boolean isReply) {
        final int flags = FlowEntry.TRACKED | FlowEntry.WINDOW | (isReply ? FlowEntry.REPLY : 0);
        flow(source, destination, PacketParser.PROTOCOL_TCP, 3, flags);
        count(3);
        assertThat(told()).isEmpty();
        count(40);
        final OffloadKey key = new OffloadKey(3, IpAddress.parse(source), IpAddress.parse(destination), 40_001, 50_002);
        assertThat(told()).containsExactly(new Told(key, 77, 9, isReply));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4})
    void aTickTellsOfFlowsOfSmallPackets(int packets) {
        flow("10.0.0.1", "10.0.0.2", PacketParser.PROTOCOL_TCP, 3, FlowEntry.TRACKED);
        final int offset = FlowEntry.bytesOffset(FlowEntry.FAMILY_IPV4);
        for (int i = 0; i < packets; i++) {
            FlowEntry.count(entry, offset, BIG);
        }
        candidates.ticked(entry, offset);
        assertThat(told()).hasSize(packets == 4 ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource({"17, 3, 8", "6, 3, 0", "6, 3, 9"})
    void whatOnlyWeirCanCarryIsNotToldOf(int protocol, int scope, int flags) {
        flow("10.0.0.1", "10.0.0.2", protocol, scope, flags);
        count(40);
        assertThat(told()).isEmpty();
    }

    @Test
    void aFullQueueIsCounted() {
        flow("10.0.0.1", "10.0.0.2", PacketParser.PROTOCOL_TCP, 3, FlowEntry.TRACKED);
        final int rounds = 5000;
        for (int i = 0; i < rounds; i++) {
            FlowEntry.clearCounts(entry, FlowEntry.bytesOffset(FlowEntry.FAMILY_IPV4));
            count(4);
        }
        final int kept = told().size();
        assertThat(kept).isPositive();
        assertThat(candidates.lost()).isEqualTo(rounds - kept);
    }
}
