package io.weir.dataplane.endpoint;

import io.weir.dataplane.route.PrefixTrie;
import org.jspecify.annotations.Nullable;

/** Local addresses and the ports that they are behind: an immutable value. */
public final class EndpointTable {
    /** Slots that stand for "no endpoint has this address", chosen by a hash of the address. */
    static final int ABSENCE_SLOTS = 256;

    private final PrefixTrie<Endpoint> trie;
    private final int[] absenceSlots;

    EndpointTable(PrefixTrie<Endpoint> trie, int[] absenceSlots) {
        this.trie = trie;
        this.absenceSlots = absenceSlots;
    }

    /** The endpoint with this address, or null. */
    public @Nullable Endpoint find(long high, long low) {
        return trie.find(high, low);
    }

    /** What a decision depends on that relied on the address not being local. */
    public int absenceSlot(long high, long low) {
        return absenceSlots[absenceIndex(high, low)];
    }

    static int absenceIndex(long high, long low) {
        return (int) (((high ^ Long.rotateLeft(low, 32) ^ low) * 0x9E37_79B9_7F4A_7C15L) >>> 56);
    }

    public int size() {
        return trie.size();
    }
}
