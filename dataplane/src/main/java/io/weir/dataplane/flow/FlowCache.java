package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.zero;

import io.weir.dataplane.memory.OffHeap;
import java.util.function.Consumer;

/**
 * The decisions that one worker remembers: an off-heap hash table of {@link FlowEntry}s. A flow lies at its hash or within
 * the fifteen entries behind it; a new one takes a free entry there, or a dropped flow's, or one that has been idle long.
 * A dropped flow takes no place from one that is forwarded. Losing an entry costs a trip through the pipeline and
 * nothing else. Owned by one thread.
 *
 * <p>Beside the entries lie their {@link FlowTags}: two bytes an entry, so that a flow that is not remembered is known by
 * one cache line instead of sixteen.
 */
public final class FlowCache implements AutoCloseable {
    /** Entries that a flow may lie in. */
    static final int WINDOW = 16;

    /** No entry. */
    public static final long NULL = 0;

    private static final long MULTIPLIER = 0x9E37_79B9_7F4A_7C15L;
    private static final long MULTIPLIER_2 = 0xC2B2_AE3D_27D4_EB4FL;

    /**
     * Entries of a full window of which the one idle longest makes room, unless all of them are in use: those that the
     * search has just loaded. Each more would be a cache miss for every new flow.
     */
    private static final int SAMPLE = 2;

    private final long base;
    private final FlowTags tags;
    private final int slots;
    private final int shift;
    private int sweepAt;
    private int size;
    private short synTick;
    private boolean hasSyns;

    /**
     * @param flows flows that shall fit comfortably; the table has at least twice as many entries
     */
    public FlowCache(int flows) {
        if (flows < 1 || flows > 1 << 26) {
            throw new IllegalArgumentException("flow cache for " + flows + " flows is outside 1.." + (1 << 26));
        }
        final int powerOfTwo = Math.max(64, Integer.highestOneBit(Math.max(1, 2 * flows - 1)) << 1);
        shift = 64 - Integer.numberOfTrailingZeros(powerOfTwo);
        slots = powerOfTwo + WINDOW - 1;
        base = OffHeap.allocate((long) slots * FlowEntry.LENGTH);
        tags = new FlowTags(slots);
    }

    /** Spreads an IPv4 key. Only the upper bits are used, and they depend on all bits of the key. */
    static int hashIpv4(long word0, long addresses) {
        long h = (addresses ^ Long.rotateLeft(word0, 31)) * MULTIPLIER;
        h = (h ^ h >>> 32 ^ word0) * MULTIPLIER_2;
        return (int) (h >>> 32);
    }

    static int hashIpv6(long word0, long a, long b, long c, long d) {
        long h = (a ^ Long.rotateLeft(c, 29)) * MULTIPLIER + (b ^ Long.rotateLeft(d, 17)) * MULTIPLIER_2;
        h = (h ^ h >>> 32 ^ word0) * MULTIPLIER;
        h = (h ^ h >>> 29) * MULTIPLIER_2;
        return (int) (h >>> 32);
    }

    /** The entry where the search for this hash starts. */
    long home(int hash) {
        return base + ((((long) hash << 32) >>> shift) << 7);
    }

    private int slotOf(long entry) {
        return (int) ((entry - base) >>> 7);
    }

    /** The IPv4 flow's entry, or {@link #NULL}. */
    long findIpv4(int hash, long word0, long addresses) {
        final long home = home(hash);
        if (isIpv4(home, word0, addresses)) {
            return home;
        }
        // most of those that are not at home are its neighbours
        final long next = home + FlowEntry.LENGTH;
        return isIpv4(next, word0, addresses) ? next : findIpv4Farther(hash, home, word0, addresses);
    }

    private long findIpv4Farther(int hash, long home, long word0, long addresses) {
        final int slot = slotOf(home);
        for (int from = 0; from < WINDOW; from += FlowTags.LANES) {
            for (long lanes = tags.matches(slot + from, hash); lanes != 0; lanes &= lanes - 1) {
                final long entry = home + (long) (from + FlowTags.lane(lanes)) * FlowEntry.LENGTH;
                if (isIpv4(entry, word0, addresses)) {
                    return entry;
                }
            }
        }
        return NULL;
    }

    private static boolean isIpv4(long entry, long word0, long addresses) {
        return getLong(entry) == word0 && getLong(entry + FlowEntry.IPV4_ADDRESSES) == addresses;
    }

    /** The IPv6 flow's entry, or {@link #NULL}. */
    long findIpv6(int hash, long word0, long a, long b, long c, long d) {
        final long home = home(hash);
        if (isIpv6(home, word0, a, b, c, d)) {
            return home;
        }
        final int slot = slotOf(home);
        for (int from = 0; from < WINDOW; from += FlowTags.LANES) {
            for (long lanes = tags.matches(slot + from, hash); lanes != 0; lanes &= lanes - 1) {
                final long entry = home + (long) (from + FlowTags.lane(lanes)) * FlowEntry.LENGTH;
                if (isIpv6(entry, word0, a, b, c, d)) {
                    return entry;
                }
            }
        }
        return NULL;
    }

    private static boolean isIpv6(long entry, long word0, long a, long b, long c, long d) {
        return getLong(entry) == word0
                && getLong(entry + FlowEntry.IPV6_ADDRESSES) == a
                && getLong(entry + FlowEntry.IPV6_ADDRESSES + 8) == b
                && getLong(entry + FlowEntry.IPV6_ADDRESSES + 16) == c
                && getLong(entry + FlowEntry.IPV6_ADDRESSES + 24) == d;
    }

    static int hashOf(long entry) {
        final long word0 = getLong(entry);
        return FlowEntry.family(entry) == FlowEntry.FAMILY_IPV4
                ? hashIpv4(word0, getLong(entry + 8))
                : hashIpv6(word0, getLong(entry + 8), getLong(entry + 16), getLong(entry + 24), getLong(entry + 32));
    }

    /** Copies an encoded decision in, over the flow's older one if there is one. */
    void install(long encoded, short tick) {
        final int hash = hashOf(encoded);
        final long word0 = getLong(encoded);
        long target = FlowEntry.family(encoded) == FlowEntry.FAMILY_IPV4
                ? findIpv4(hash, word0, getLong(encoded + 8))
                : findIpv6(
                        hash,
                        word0,
                        getLong(encoded + 8),
                        getLong(encoded + 16),
                        getLong(encoded + 24),
                        getLong(encoded + 32));
        final boolean drop = FlowEntry.isDrop(encoded);
        if (target == NULL) {
            target = drop ? victimOfDrop(home(hash)) : victim(home(hash), tick);
            if (target == NULL) {
                return;
            }
            if (FlowEntry.family(target) == 0) {
                size++;
            }
        }
        if (FlowEntry.isSyn(encoded)) {
            hasSyns = true;
            synTick = tick;
        }
        for (int i = 0; i < FlowEntry.LENGTH; i += 8) {
            putLong(target + i, getLong(encoded + i));
        }
        tags.put(slotOf(target), hash, drop);
    }

    /**
     * Some SYN may be remembered as dropped. Such an entry counts until the tick after the last one that was installed, so that
     * a node where no SYN is dropped looks none up.
     */
    boolean mayHoldSyns(short tick) {
        hasSyns = hasSyns && ((tick - synTick) & 0xFFFF) <= 1;
        return hasSyns;
    }

    private long victim(long home, short tick) {
        final int slot = slotOf(home);
        for (int from = 0; from < WINDOW; from += FlowTags.LANES) {
            final long lanes = tags.replaceable(slot + from);
            if (lanes != 0) {
                return home + (long) (from + FlowTags.lane(lanes)) * FlowEntry.LENGTH;
            }
        }
        long oldest = home;
        int oldestIdle = -1;
        long entry = home;
        for (int i = 0; i < WINDOW && (i < SAMPLE || oldestIdle == 0); i++, entry += FlowEntry.LENGTH) {
            final int idle = (tick - FlowEntry.tick(entry)) & 0xFFFF;
            if (idle > oldestIdle) {
                oldestIdle = idle;
                oldest = entry;
            }
        }
        return oldest;
    }

    /** A flood of dropped flows, each of which comes once, must not push out those that are forwarded. */
    private long victimOfDrop(long home) {
        final long lanes = tags.replaceable(slotOf(home));
        return lanes == 0 ? NULL : home + (long) FlowTags.lane(lanes) * FlowEntry.LENGTH;
    }

    /** Forgets one flow. */
    void remove(long entry) {
        zero(entry, FlowEntry.LENGTH);
        tags.clear(slotOf(entry));
        size--;
    }

    /**
     * Looks at the next entries in turn and forgets those that were idle for longer than {@code idleTicks}; called now
     * and then, so that the 16-bit ticks of entries never wrap around.
     */
    public void sweep(int entries, short tick, int idleTicks) {
        for (int i = 0; i < entries; i++) {
            final long entry = base + (long) sweepAt * FlowEntry.LENGTH;
            if (FlowEntry.family(entry) != 0 && ((tick - FlowEntry.tick(entry)) & 0xFFFF) > idleTicks) {
                remove(entry);
            }
            sweepAt = sweepAt + 1 == slots ? 0 : sweepAt + 1;
        }
    }

    /** Flows remembered. */
    public int size() {
        return size;
    }

    /** Entries in the table. */
    public int slots() {
        return slots;
    }

    /** Raw address of entry {@code index}, for reports. */
    long entryAt(int index) {
        return base + (long) index * FlowEntry.LENGTH;
    }

    /** Any thread, while the cache is open: shows a copy of each flow; one that changes meanwhile may be missed. */
    public void forEach(long nowNs, Consumer<FlowRecord> consumer) {
        final short tick = (short) (nowNs >>> FastPath.TICK_SHIFT);
        for (int i = 0; i < slots; i++) {
            final FlowRecord flow = FlowRecord.read(entryAt(i), tick);
            if (flow != null) {
                consumer.accept(flow);
            }
        }
    }

    @Override
    public void close() {
        OffHeap.free(base);
        tags.close();
    }
}
