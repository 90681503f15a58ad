package io.weir.policy.classify;

import java.util.Arrays;

/**
 * A set of (protocol, port) pairs as sorted, disjoint ranges.
 *
 * <p>A pair is one int, {@code protocol index << 16 | port}; protocols without ports own their range all the same.
 */
public final class PortSet {
    static final int LIMIT = Protocol.COUNT << 16;

    /** Every protocol, every port. */
    public static final PortSet ALL = new PortSet(new int[] {0, LIMIT});

    public static final PortSet NONE = new PortSet(new int[0]);

    /** Start (inclusive) and end (exclusive) of each range. */
    private final int[] bounds;

    private final int hash;

    private PortSet(int[] bounds) {
        this.bounds = bounds;
        hash = Arrays.hashCode(bounds);
    }

    /** The int that stands for a pair. */
    public static int key(int protocolIndex, int port) {
        return protocolIndex << 16 | port;
    }

    /** All ports of a protocol. */
    public static PortSet of(Protocol protocol) {
        return of(protocol, 0, 0xFFFF);
    }

    /** Ports {@code first} to {@code last}, both included. */
    public static PortSet of(Protocol protocol, int first, int last) {
        if (first < 0 || last > 0xFFFF || first > last) {
            throw new IllegalArgumentException("not a range of ports: " + first + " to " + last);
        }
        return new PortSet(new int[] {key(protocol.index(), first), key(protocol.index(), last) + 1});
    }

    public PortSet union(PortSet other) {
        if (bounds.length == 0 || equals(other)) {
            return other;
        }
        if (other.bounds.length == 0) {
            return this;
        }
        final int[] merged = new int[bounds.length + other.bounds.length];
        int count = 0;
        int mine = 0;
        int theirs = 0;
        while (mine < bounds.length || theirs < other.bounds.length) {
            final boolean takeMine =
                    theirs == other.bounds.length || (mine < bounds.length && bounds[mine] <= other.bounds[theirs]);
            final int start = takeMine ? bounds[mine] : other.bounds[theirs];
            final int end = takeMine ? bounds[mine + 1] : other.bounds[theirs + 1];
            if (takeMine) {
                mine += 2;
            } else {
                theirs += 2;
            }
            if (count > 0 && start <= merged[count - 1]) {
                merged[count - 1] = Math.max(merged[count - 1], end);
            } else {
                merged[count++] = start;
                merged[count++] = end;
            }
        }
        return new PortSet(Arrays.copyOf(merged, count));
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    /** Contains every pair of the other set. */
    public boolean contains(PortSet other) {
        return union(other).equals(this);
    }

    /** Ranges. */
    int count() {
        return bounds.length / 2;
    }

    int start(int range) {
        return bounds[2 * range];
    }

    int end(int range) {
        return bounds[2 * range + 1];
    }

    @Override
    public boolean equals(Object other) {
        return other == this || (other instanceof final PortSet set && Arrays.equals(set.bounds, bounds));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        if (equals(ALL)) {
            return "all";
        }
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < count(); i++) {
            text.append(i > 0 ? " " : "");
            final int last = end(i) - 1;
            final Protocol protocol = Protocol.byIndex(start(i) >> 16);
            if (protocol.index() != last >> 16) {
                text.append(protocol).append('/').append(start(i) & 0xFFFF);
                text.append("..")
                        .append(Protocol.byIndex(last >> 16))
                        .append('/')
                        .append(last & 0xFFFF);
                continue;
            }
            text.append(protocol);
            if ((start(i) & 0xFFFF) != 0 || (last & 0xFFFF) != 0xFFFF) {
                text.append('/').append(start(i) & 0xFFFF);
                text.append(start(i) == last ? "" : "-" + (last & 0xFFFF));
            }
        }
        return text.toString();
    }
}
