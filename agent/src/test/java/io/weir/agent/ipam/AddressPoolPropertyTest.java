package io.weir.agent.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The pool against a list of what was given and when it came back. */
class AddressPoolPropertyTest {
    private static final List<IpPrefix> SMALL = List.of(IpPrefix.parse("10.0.0.0/28"), IpPrefix.parse("fd00::/124"));
    private static final List<IpPrefix> GROWN = List.of(IpPrefix.parse("10.0.0.0/27"), IpPrefix.parse("fd00::/123"));

    @Property(tries = 300)
    void whatIsGivenIsFreeRestedAndTheOldest(@ForAll long seed, @ForAll @IntRange(min = 1, max = 400) int steps)
            throws Exception {
        final Random random = new Random(seed);
        final Set<IpAddress> foreign = Set.of(IpAddress.parse("10.0.0.5"), IpAddress.parse("fd00::7"));
        AddressPool pool = new AddressPool();
        pool.ranges(SMALL);
        List<IpPrefix> ranges = SMALL;
        final List<IpAddress> inUse = new ArrayList<>();
        final Map<IpAddress, Long> freedMs = new HashMap<>();
        long nowMs = 1_000_000;
        for (int step = 0; step < steps; step++) {
            nowMs += random.nextInt(8_000);
            final boolean ipv6 = random.nextBoolean();
            switch (random.nextInt(10)) {
                case 0, 1, 2, 3 -> {
                    try {
                        final IpAddress given = pool.take(ipv6, "pod", nowMs, foreign::contains);
                        assertThat(given.isIpv6()).isEqualTo(ipv6);
                        assertThat(ranges).anyMatch(range -> range.contains(given));
                        assertThat(inUse).doesNotContain(given);
                        assertThat(foreign).doesNotContain(given);
                        assertIsForPods(given, ranges);
                        final Long before = freedMs.remove(given);
                        if (before == null) {
                            assertThat(neverGiven(ranges, ipv6, inUse, freedMs, foreign))
                                    .contains(given);
                        } else {
                            assertThat(nowMs - before).isGreaterThanOrEqualTo(AddressPool.REST_MS);
                            assertThat(neverGiven(ranges, ipv6, inUse, freedMs, foreign))
                                    .as("a new one comes first")
                                    .containsOnly(given);
                            freedMs.forEach((other, otherMs) -> {
                                if (other.isIpv6() == ipv6) {
                                    assertThat(otherMs).isGreaterThanOrEqualTo(before);
                                }
                            });
                        }
                        inUse.add(given);
                    } catch (final NoAddressException e) {
                        assertThat(e).hasMessageContaining("is free in");
                        assertThat(neverGiven(ranges, ipv6, inUse, freedMs, foreign))
                                .isEmpty();
                        final long now = nowMs;
                        freedMs.forEach((other, otherMs) -> assertThat(
                                        other.isIpv6() == ipv6 && now - otherMs >= AddressPool.REST_MS)
                                .isFalse());
                    }
                }
                case 4, 5, 6 -> {
                    if (!inUse.isEmpty()) {
                        final IpAddress gone = inUse.remove(random.nextInt(inUse.size()));
                        pool.free(gone, nowMs);
                        freedMs.put(gone, nowMs);
                    }
                }
                case 7 -> {
                    final Set<IpAddress> before = new HashSet<>(pool.freed().keySet());
                    try {
                        final IpAddress given = pool.take(ipv6, "pod", nowMs, foreign::contains);
                        pool.giveBack(given);
                    } catch (final NoAddressException e) {
                        assertThat(e).hasMessageContaining("is free in");
                    }
                    assertThat(pool.freed().keySet()).isEqualTo(before);
                }
                case 8 -> {
                    final AddressPool restarted = new AddressPool();
                    inUse.forEach(address -> restarted.keep(address, "pod"));
                    restarted.restore(new LinkedHashMap<>(pool.freed()));
                    restarted.ranges(ranges);
                    assertThat(restarted.freed()).isEqualTo(pool.freed());
                    pool = restarted;
                }
                default -> {
                    ranges = GROWN; // a lease that grew, live
                    pool.ranges(ranges);
                }
            }
            assertThat(pool.inUse()).containsExactlyInAnyOrderElementsOf(inUse);
        }
    }

    private static List<IpAddress> neverGiven(
            List<IpPrefix> ranges,
            boolean ipv6,
            List<IpAddress> inUse,
            Map<IpAddress, Long> freedMs,
            Set<IpAddress> foreign) {
        final List<IpAddress> never = new ArrayList<>();
        for (final IpPrefix range : ranges) {
            if (range.isIpv4() == ipv6) {
                continue;
            }
            final int size = 1 << (range.address().bitLength() - range.length());
            for (int i = 2; i < size - (ipv6 ? 0 : 1); i++) {
                final IpAddress address = range.address().plus(i);
                if (!inUse.contains(address) && !freedMs.containsKey(address) && !foreign.contains(address)) {
                    never.add(address);
                }
            }
        }
        return never;
    }

    private static void assertIsForPods(IpAddress address, List<IpPrefix> ranges) {
        for (final IpPrefix range : ranges) {
            assertThat(address)
                    .isNotEqualTo(range.address())
                    .isNotEqualTo(range.address().plus(1));
            if (range.isIpv4() && range.contains(address)) {
                assertThat(range.contains(address.plus(1))).isTrue();
            }
        }
    }
}
