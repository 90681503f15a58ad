package io.weir.dataplane.observe;

import static io.weir.dataplane.observe.PacketFilter.instruction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.wire.PacketBuilder;
import org.junit.jupiter.api.Test;

/** Programs as {@code tcpdump -ddd} prints them, on packets that they want and that they don't. */
class PacketFilterTest {
    /** {@code tcpdump -ddd -y EN10MB 'udp dst port 53'}. */
    private static final long[] DNS = {
        instruction(40, 0, 0, 12),
        instruction(21, 0, 4, 34525),
        instruction(48, 0, 0, 20),
        instruction(21, 0, 11, 17),
        instruction(40, 0, 0, 56),
        instruction(21, 8, 9, 53),
        instruction(21, 0, 8, 2048),
        instruction(48, 0, 0, 23),
        instruction(21, 0, 6, 17),
        instruction(40, 0, 0, 20),
        instruction(69, 4, 0, 8191),
        instruction(177, 0, 0, 14),
        instruction(72, 0, 0, 16),
        instruction(21, 0, 1, 53),
        instruction(6, 0, 0, 262144),
        instruction(6, 0, 0, 0),
    };

    private static boolean matches(PacketFilter filter, byte[] frame) {
        final long memory = OffHeap.allocate(Math.max(1, frame.length));
        try {
            OffHeap.copy(frame, 0, memory, frame.length);
            return filter.matches(memory, frame.length);
        } finally {
            OffHeap.free(memory);
        }
    }

    private static PacketBuilder ethernet() {
        return PacketBuilder.packet().ethernet("02:00:00:00:00:01", "02:00:00:00:00:02");
    }

    @Test
    void aCompiledExpressionSelectsItsPackets() {
        final PacketFilter dns = PacketFilter.of(DNS);
        assertThat(matches(
                        dns,
                        ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).build()))
                .isTrue();
        assertThat(matches(
                        dns, ethernet().ipv6("fd00::1", "fd00::2").udp(4000, 53).build()))
                .isTrue();
        assertThat(matches(
                        dns,
                        ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(53, 4000).build()))
                .isFalse();
        assertThat(matches(
                        dns,
                        ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 53).build()))
                .isFalse();
        assertThat(matches(dns, new byte[0])).isFalse();
        assertThat(matches(dns, new byte[13])).isFalse();
    }

    @Test
    void arithmeticIsUnsigned() {
        // ld #-8; div #4; jgt #0x3ffffff0, wanted; ret 0; wanted: ret 1
        final PacketFilter filter = PacketFilter.of(
                instruction(0, 0, 0, -8),
                instruction(0x34, 0, 0, 4),
                instruction(0x25, 1, 0, 0x3FFF_FFF0),
                instruction(6, 0, 0, 0),
                instruction(6, 0, 0, 1));
        assertThat(matches(filter, new byte[1])).isTrue();
    }

    @Test
    void aProgramThatCouldRunAwayIsRefused() {
        assertThatThrownBy(PacketFilter::of).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PacketFilter.of(instruction(40, 0, 0, 12)))
                .hasMessageContaining("does not end with a return");
        assertThatThrownBy(() -> PacketFilter.of(instruction(21, 1, 0, 1), instruction(6, 0, 0, 0)))
                .hasMessageContaining("instruction 0");
        assertThatThrownBy(() -> PacketFilter.of(instruction(5, 0, 0, -2), instruction(6, 0, 0, 0)))
                .hasMessageContaining("instruction 0");
        assertThatThrownBy(() -> PacketFilter.of(instruction(2, 0, 0, 16), instruction(6, 0, 0, 0)))
                .hasMessageContaining("instruction 0");
        assertThatThrownBy(() -> PacketFilter.of(instruction(0x34, 0, 0, 0), instruction(6, 0, 0, 0)))
                .hasMessageContaining("instruction 0");
    }
}
