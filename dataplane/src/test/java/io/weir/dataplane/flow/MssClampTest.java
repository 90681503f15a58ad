package io.weir.dataplane.flow;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.wire.PacketBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MssClampTest {
    private static final int TCP = 34;

    private static PacketBuilder syn() {
        return PacketBuilder.packet()
                .ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .tcp(1000, 80)
                .flags("S");
    }

    private static byte[] clamp(byte[] frame, int limit, boolean partial) {
        final long memory = OffHeap.allocate(frame.length);
        try {
            OffHeap.copy(frame, 0, memory, frame.length);
            MssClamp.apply(memory + TCP, frame.length - TCP, limit, partial);
            final byte[] after = new byte[frame.length];
            OffHeap.copy(memory, after, 0, after.length);
            return after;
        } finally {
            OffHeap.free(memory);
        }
    }

    /** Options before it put it at even and odd places. */
    @ParameterizedTest
    @CsvSource({"0, 1460", "1, 1460", "2, 9000", "3, 65535", "5, 1411"})
    void whatIsTooLargeBecomesTheLimit(int noOperations, int announced) {
        final PacketBuilder before = syn();
        final PacketBuilder after = syn();
        for (int i = 0; i < noOperations; i++) {
            before.tcpOption(1);
            after.tcpOption(1);
        }
        final byte[] clamped = clamp(before.mss(announced).sackPermitted().build(), 1410, false);
        assertPacket(clamped).checksumsValid();
        assertThat(clamped).isEqualTo(after.mss(1410).sackPermitted().build());
    }

    @Test
    void whatFitsStays() {
        final byte[] frame = syn().mss(1410).build();
        assertThat(clamp(frame, 1410, false)).isEqualTo(frame);
        final byte[] without = syn().windowScale(7).build();
        assertThat(clamp(without, 1410, false)).isEqualTo(without);
    }

    @Test
    void aPartialChecksumIsNotTouched() {
        final byte[] frame = syn().mss(1460).build();
        final byte[] clamped = clamp(frame, 1000, true);
        assertThat(clamped[TCP + 16]).isEqualTo(frame[TCP + 16]);
        assertThat(clamped[TCP + 17]).isEqualTo(frame[TCP + 17]);
        assertThat(((clamped[TCP + 22] & 0xFF) << 8) | (clamped[TCP + 23] & 0xFF))
                .isEqualTo(1000);
    }

    @ParameterizedTest
    @CsvSource({"2, 0", "2, 1", "2, 60", "8, 255", "2, 3"})
    void malformedOptionsAreLeftAlone(int kind, int length) {
        final byte[] frame = syn().tcpOption(kind, length, 0xFF, 0xFF).build();
        assertThat(clamp(frame, 500, false)).isEqualTo(frame);
    }
}
