package io.weir.policy.classify;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules that single out certain identities: a hash table of identity to {@link PortMap}, open addressing with linear
 * probing, at most half full. Immutable; a change is a copy.
 */
final class IdentityRows {
    static final IdentityRows EMPTY = new IdentityRows(Map.of());

    private final int[] identities;
    private final @Nullable PortMap[] maps;
    private int size;

    IdentityRows(Map<Integer, PortMap> rows) {
        this(capacityFor(rows.size()));
        rows.forEach(this::put);
    }

    private IdentityRows(int capacity) {
        identities = new int[capacity];
        maps = new @Nullable PortMap[capacity];
    }

    private static int capacityFor(int count) {
        return Math.max(4, Integer.highestOneBit(Math.max(1, count)) << 2);
    }

    private void put(int identity, PortMap map) {
        final int mask = identities.length - 1;
        int at = mix(identity) & mask;
        while (identities[at] != Classifier.NO_IDENTITY && identities[at] != identity) {
            at = (at + 1) & mask;
        }
        size += identities[at] == Classifier.NO_IDENTITY ? 1 : 0;
        identities[at] = identity;
        maps[at] = map;
    }

    private static int mix(int identity) {
        final int product = identity * 0x9E3779B9;
        return product ^ (product >>> 15);
    }

    /** A copy with these rows in place of those of the same identities; an {@link PortMap#EMPTY} row goes away. */
    IdentityRows with(Map<Integer, PortMap> changed) {
        final IdentityRows copy = new IdentityRows(capacityFor(size + changed.size()));
        for (int i = 0; i < identities.length; i++) {
            final PortMap map = maps[i];
            if (map != null && !changed.containsKey(identities[i])) {
                copy.put(identities[i], map);
            }
        }
        changed.forEach((identity, map) -> {
            if (map != PortMap.EMPTY) {
                copy.put(identity, map);
            }
        });
        return copy;
    }

    /** {@link PortMap#EMPTY} when no rule singles the identity out. */
    PortMap row(int identity) {
        final int mask = identities.length - 1;
        for (int at = mix(identity) & mask; ; at = (at + 1) & mask) {
            final PortMap map = maps[at];
            if (map == null) {
                return PortMap.EMPTY;
            }
            if (identities[at] == identity) {
                return map;
            }
        }
    }

    int size() {
        return size;
    }

    long sizeBytes() {
        return 12L * identities.length;
    }
}
