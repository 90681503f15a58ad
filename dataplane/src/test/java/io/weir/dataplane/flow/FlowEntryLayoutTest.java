package io.weir.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.route.AdjacencyTable;
import org.junit.jupiter.api.Test;

/** The drawings in the Javadoc of what lies in memory, held to the numbers. */
class FlowEntryLayoutTest {
    @Test
    void anIpv4FlowFitsOneCacheLine() {
        assertThat(FlowEntry.PACKETS + 4).isEqualTo(64);
        assertThat(FlowEntry.IPV4_BYTES + 4).isLessThanOrEqualTo(FlowEntry.EPOCH);
        assertThat(FlowEntry.IPV4_NEW_ADDRESSES).isEqualTo(FlowEntry.IPV4_ADDRESSES + 8);
    }

    @Test
    void anIpv6FlowFitsTwo() {
        assertThat(FlowEntry.IPV6_ADDRESSES + 32).isEqualTo(FlowEntry.EPOCH);
        assertThat(FlowEntry.IPV6_NEW_ADDRESSES + 32).isEqualTo(FlowEntry.IPV6_NEW_PORTS);
        assertThat(FlowEntry.SLOTS + 4 * Decision.MAX_DEPENDENCIES).isEqualTo(FlowEntry.LENGTH);
    }

    @Test
    void entriesStartAtCacheLines() {
        try (FlowCache cache = new FlowCache(1000);
                AdjacencyTable adjacencies = new AdjacencyTable(4)) {
            assertThat(cache.entryAt(0) % 64).isZero();
            assertThat(cache.home(-1) - cache.entryAt(0)).isLessThan((long) cache.slots() * FlowEntry.LENGTH);
            assertThat(cache.home(0)).isEqualTo(cache.entryAt(0));
            assertThat(adjacencies.entry(1) - adjacencies.entry(0)).isEqualTo(AdjacencyTable.ENTRY_LENGTH);
        }
    }

    @Test
    void slotsOfThePoolHaveRoomForTunnelAndSpreadOverCacheSets() {
        try (PacketPool pool = new PacketPool(4, 2)) {
            final int first = pool.acquire();
            final int second = pool.acquire();
            final long stride = pool.frameAddress(second) - pool.frameAddress(first);
            assertThat(pool.frameAddress(first) % 64).isZero();
            assertThat(stride / 64 % 2).as("odd number of cache lines").isEqualTo(1);
            assertThat(PacketPool.HEADROOM).isGreaterThanOrEqualTo(AdjacencyTable.MAX_HEADER_LENGTH);
            assertThat(pool.capacity(pool.acquireBig())).isGreaterThanOrEqualTo(65535 + 14);
        }
    }

    @Test
    void aFullPoolGivesNullHandlesAndTakesSlotsBack() {
        try (PacketPool pool = new PacketPool(2, 1)) {
            final int a = pool.acquireFor(100);
            final int big = pool.acquireFor(9000);
            pool.acquire();
            assertThat(pool.acquire()).isEqualTo(PacketPool.NULL_HANDLE);
            assertThat(pool.acquireFor(9000)).isEqualTo(PacketPool.NULL_HANDLE);
            pool.release(a);
            pool.release(big);
            assertThat(pool.acquire()).isEqualTo(a);
            assertThat(pool.acquireBig()).isEqualTo(big);
        }
    }
}
