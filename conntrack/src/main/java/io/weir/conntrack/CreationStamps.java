package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;

/**
 * Tells whoever remembers that there is no connection with some addresses and ports when one is created: a stamp for each
 * of {@link #PLACES} classes of tuples, replaced by every creation in the class. A tuple of the same class costs a decision
 * that is made again, and nothing else.
 *
 * <p>The order matters: who looks for a connection reads the stamp first; who creates one puts its stamp when the
 * connection can be found, and before its first packet leaves. No two creations put the same stamp
 * ({@link Lanes#created}), so two at once may overwrite each other's: whoever has read either sees a change.
 */
final class CreationStamps implements AutoCloseable {
    private static final int PLACES = 1 << 16;
    static final long BYTES = 4L * PLACES;

    private final long stamps = OffHeap.allocate(BYTES);

    /** Where the creation of a connection with a tuple of this hash shows. */
    static int place(int hash) {
        return hash >>> 8 & PLACES - 1;
    }

    int at(int place) {
        return OffHeap.getIntAcquire(stamps + 4L * place);
    }

    void put(int hash, int stamp) {
        OffHeap.putIntRelease(stamps + 4L * place(hash), stamp);
    }

    @Override
    public void close() {
        OffHeap.free(stamps);
    }
}
