package io.weir.dataplane.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The flow cache against a map: it may forget a flow, but never take one for another, and never keep a flow twice. */
class FlowCachePropertyTest {
    private static final int SCOPE = 3;

    @Property(tries = 60)
    void whatIsFoundIsWhatWasInstalledLast(
            @ForAll @IntRange(min = 1, max = 200) int capacity,
            @ForAll @IntRange(min = 1, max = 2000) int flows,
            @ForAll boolean ipv6,
            @ForAll long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final Map<Integer, Integer> installed = new HashMap<>();
        final long scratch = OffHeap.allocate(FlowEntry.LENGTH);
        try (FlowCache cache = new FlowCache(capacity)) {
            for (int step = 0; step < 3000; step++) {
                final int flow = random.nextInt(flows);
                final long found = find(cache, scratch, flow, ipv6);
                if (found != FlowCache.NULL) {
                    assertThat(FlowEntry.connection(found)).isEqualTo(installed.get(flow));
                }
                switch (random.nextInt(4)) {
                    case 0 -> {
                        if (found != FlowCache.NULL) {
                            cache.remove(found);
                            assertThat(find(cache, scratch, flow, ipv6)).isEqualTo(FlowCache.NULL);
                        }
                    }
                    case 1 -> {
                        install(cache, scratch, flow, ipv6, true, step);
                        installed.put(flow, step);
                    }
                    default -> {
                        install(cache, scratch, flow, ipv6, false, step);
                        installed.put(flow, step);
                        assertThat(find(cache, scratch, flow, ipv6))
                                .as("a forwarded flow always finds a place")
                                .isNotEqualTo(FlowCache.NULL);
                    }
                }
                cache.sweep(3, (short) step, 1000);
            }
            assertEachFlowOnce(cache);
        } finally {
            OffHeap.free(scratch);
        }
    }

    /** A full cache keeps the flows that are in use, as long as there are others. */
    @Property(tries = 20)
    void flowsThatAreIdleMakeRoomForNewOnes(@ForAll long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final long scratch = OffHeap.allocate(FlowEntry.LENGTH);
        try (FlowCache cache = new FlowCache(1000)) {
            for (int old = 0; old < 20_000; old++) {
                install(cache, scratch, 1_000_000 + old, false, false, 1);
            }
            final int used = 300;
            for (int flow = 0; flow < used; flow++) {
                install(cache, scratch, flow, false, false, 50);
            }
            for (int fresh = 0; fresh < 500; fresh++) {
                install(cache, scratch, 2_000_000 + random.nextInt(1 << 20), false, false, 50);
            }
            int left = 0;
            for (int flow = 0; flow < used; flow++) {
                left += find(cache, scratch, flow, false) == FlowCache.NULL ? 0 : 1;
            }
            assertThat(left).as("flows in use that are still remembered").isGreaterThan(used * 95 / 100);
        } finally {
            OffHeap.free(scratch);
        }
    }

    private static void key(long scratch, int flow, boolean ipv6) {
        OffHeap.zero(scratch, FlowEntry.LENGTH);
        final int family = ipv6 ? FlowEntry.FAMILY_IPV6 : FlowEntry.FAMILY_IPV4;
        OffHeap.putLong(scratch, FlowEntry.word0(flow * 31, 17, family, SCOPE));
        OffHeap.putLong(scratch + 8, flow * 0x1_0000_0001L);
        if (ipv6) {
            OffHeap.putLong(scratch + 32, flow);
        }
    }

    private static void install(FlowCache cache, long scratch, int flow, boolean ipv6, boolean drop, int step) {
        key(scratch, flow, ipv6);
        FlowEntry.action(scratch, drop ? FlowEntry.DROP : 0, 1);
        FlowEntry.connection(scratch, step, 0);
        FlowEntry.tick(scratch, (short) step);
        cache.install(scratch, (short) step);
    }

    private static long find(FlowCache cache, long scratch, int flow, boolean ipv6) {
        key(scratch, flow, ipv6);
        final int hash = FlowCache.hashOf(scratch);
        final long word0 = OffHeap.getLong(scratch);
        return ipv6
                ? cache.findIpv6(
                        hash,
                        word0,
                        OffHeap.getLong(scratch + 8),
                        OffHeap.getLong(scratch + 16),
                        OffHeap.getLong(scratch + 24),
                        OffHeap.getLong(scratch + 32))
                : cache.findIpv4(hash, word0, OffHeap.getLong(scratch + 8));
    }

    private static void assertEachFlowOnce(FlowCache cache) {
        final Set<Long> seen = new HashSet<>();
        int count = 0;
        for (int slot = 0; slot < cache.slots(); slot++) {
            final long entry = cache.entryAt(slot);
            if (FlowEntry.family(entry) != 0) {
                count++;
                assertThat(seen.add(OffHeap.getLong(entry + 8))).isTrue();
            }
        }
        assertThat(cache.size()).isEqualTo(count);
    }
}
