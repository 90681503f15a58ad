package io.weir.dataplane.route;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Arrays;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Longest-prefix match for both families as an immutable multibit trie: changing one prefix copies the few nodes on its
 * way and shares the rest, so a snapshot of a million prefixes costs one change's nodes, and lookups need no lock.
 *
 * <p>A node covers six bits of the address ("tree bitmap", Eatherton, Varghese and Dittia 2004). One bitmap says which of
 * the 63 prefixes of length 0 to 5 inside the node have a value, another which of the 64 children exist; both arrays are
 * packed. The longest match in a node is the highest set bit of the first bitmap among those that the address selects.
 */
public final class PrefixTrie<V> {
    private static final int STRIDE = 6;

    /** For each six bits, the prefixes of length 0 to 5 that match them; longer ones at higher bits. */
    private static final long[] MATCHING = new long[64];

    static {
        for (int bits = 0; bits < 64; bits++) {
            for (int length = 0; length < STRIDE; length++) {
                MATCHING[bits] |= 1L << position(bits >>> (STRIDE - length), length);
            }
        }
    }

    private static final Node EMPTY = new Node(0, new Object[0], 0, new Node[0]);

    private final Node ipv4;
    private final Node ipv6;
    private final int size;

    @SuppressWarnings("ArrayRecordComponent") // private, never compared
    private record Node(long valueMap, Object[] values, long childMap, Node[] children) {
        boolean isEmpty() {
            return valueMap == 0 && childMap == 0;
        }
    }

    private PrefixTrie(Node ipv4, Node ipv6, int size) {
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
        this.size = size;
    }

    public static <V> PrefixTrie<V> empty() {
        return new PrefixTrie<>(EMPTY, EMPTY, 0);
    }

    private static int position(int bits, int length) {
        return (1 << length) - 1 + bits;
    }

    /** Prefixes that have a value. */
    public int size() {
        return size;
    }

    /** The value of the longest prefix that holds the address, or null. */
    public @Nullable V find(long high, long low) {
        final boolean isIpv4 = IpAddress.isIpv4(high, low);
        // an IPv4 address is moved to the top, so that both families start at bit 0
        final long first = isIpv4 ? low << 32 : high;
        final long second = isIpv4 ? 0 : low;
        Node node = isIpv4 ? ipv4 : ipv6;
        Object best = null;
        for (int depth = 0; ; depth += STRIDE) {
            final int bits = chunk(first, second, depth);
            final long matching = node.valueMap & MATCHING[bits];
            if (matching != 0) {
                final int highest = 63 - Long.numberOfLeadingZeros(matching);
                best = node.values[rank(node.valueMap, highest)];
            }
            if ((node.childMap & 1L << bits) == 0) {
                break;
            }
            node = node.children[rank(node.childMap, bits)];
        }
        @SuppressWarnings("unchecked") // only put() stores values
        final V value = (V) best;
        return value;
    }

    /** The value of the longest prefix that holds this whole prefix, itself excluded; or null. */
    public @Nullable V findCovering(IpPrefix prefix) {
        V best = null;
        for (int length = prefix.length() - 1; length >= 0 && best == null; length--) {
            best = get(new IpPrefix(prefix.address(), length));
        }
        return best;
    }

    /** The value of exactly this prefix, or null. */
    public @Nullable V get(IpPrefix prefix) {
        final long first = first(prefix);
        final long second = second(prefix);
        Node node = prefix.isIpv4() ? ipv4 : ipv6;
        int depth = 0;
        for (; prefix.length() - depth >= STRIDE; depth += STRIDE) {
            final int bits = chunk(first, second, depth);
            if ((node.childMap & 1L << bits) == 0) {
                return null;
            }
            node = node.children[rank(node.childMap, bits)];
        }
        final int position = lastPosition(first, second, depth, prefix.length());
        if ((node.valueMap & 1L << position) == 0) {
            return null;
        }
        @SuppressWarnings("unchecked") // only put() stores values
        final V value = (V) node.values[rank(node.valueMap, position)];
        return value;
    }

    /** A trie in which the prefix has this value. */
    public PrefixTrie<V> put(IpPrefix prefix, V value) {
        return change(prefix, value);
    }

    /** A trie without the prefix. */
    public PrefixTrie<V> remove(IpPrefix prefix) {
        return get(prefix) == null ? this : change(prefix, null);
    }

    private PrefixTrie<V> change(IpPrefix prefix, @Nullable V value) {
        final int grown = (value != null ? 1 : 0) - (get(prefix) != null ? 1 : 0);
        final Node root = prefix.isIpv4() ? ipv4 : ipv6;
        final Node changed = change(root, first(prefix), second(prefix), 0, prefix.length(), value);
        return prefix.isIpv4()
                ? new PrefixTrie<>(changed, ipv6, size + grown)
                : new PrefixTrie<>(ipv4, changed, size + grown);
    }

    private static Node change(Node node, long first, long second, int depth, int length, @Nullable Object value) {
        if (length - depth < STRIDE) {
            final int position = lastPosition(first, second, depth, length);
            return withValue(node, position, value);
        }
        final int bits = chunk(first, second, depth);
        final boolean present = (node.childMap & 1L << bits) != 0;
        final int rank = rank(node.childMap, bits);
        final Node child = change(present ? node.children[rank] : EMPTY, first, second, depth + STRIDE, length, value);
        return withChild(node, bits, rank, present, child);
    }

    private static Node withValue(Node node, int position, @Nullable Object value) {
        final long bit = 1L << position;
        final int rank = rank(node.valueMap, position);
        final boolean present = (node.valueMap & bit) != 0;
        if (value == null) {
            return present
                    ? new Node(node.valueMap & ~bit, without(node.values, rank), node.childMap, node.children)
                    : node;
        }
        final Object[] values = present ? node.values.clone() : withGap(node.values, rank);
        values[rank] = value;
        return new Node(node.valueMap | bit, values, node.childMap, node.children);
    }

    private static Node withChild(Node node, int bits, int rank, boolean present, Node child) {
        final long bit = 1L << bits;
        if (child.isEmpty()) {
            return present
                    ? new Node(node.valueMap, node.values, node.childMap & ~bit, without(node.children, rank))
                    : node;
        }
        final Node[] children = present ? node.children.clone() : withGap(node.children, rank);
        children[rank] = child;
        return new Node(node.valueMap, node.values, node.childMap | bit, children);
    }

    private static <T> T[] withGap(T[] array, int at) {
        final T[] grown = Arrays.copyOf(array, array.length + 1);
        System.arraycopy(array, at, grown, at + 1, array.length - at);
        return grown;
    }

    private static <T> T[] without(T[] array, int at) {
        final T[] shrunk = Arrays.copyOf(array, array.length - 1);
        System.arraycopy(array, at + 1, shrunk, at, array.length - at - 1);
        return shrunk;
    }

    private static int rank(long map, int position) {
        return Long.bitCount(map & ((1L << position) - 1));
    }

    private static int lastPosition(long first, long second, int depth, int length) {
        final int inNode = length - depth;
        return position(chunk(first, second, depth) >>> (STRIDE - inNode), inNode);
    }

    /** Six bits from bit {@code depth} on, counted from the most significant; zeros beyond the end. */
    private static int chunk(long first, long second, int depth) {
        if (depth <= 58) {
            return (int) (first >>> (58 - depth)) & 0x3F;
        }
        if (depth < 64) {
            return (int) (first << (depth - 58) | second >>> (122 - depth)) & 0x3F;
        }
        return depth <= 122 ? (int) (second >>> (122 - depth)) & 0x3F : (int) (second << (depth - 122)) & 0x3F;
    }

    private static long first(IpPrefix prefix) {
        return prefix.isIpv4() ? prefix.address().low() << 32 : prefix.address().high();
    }

    private static long second(IpPrefix prefix) {
        return prefix.isIpv4() ? 0 : prefix.address().low();
    }

    /** All prefixes with their values, IPv4 first. */
    public void forEach(BiConsumer<IpPrefix, V> action) {
        visit(ipv4, 0, 0, 0, true, action);
        visit(ipv6, 0, 0, 0, false, action);
    }

    private static <V> void visit(
            Node node, long first, long second, int depth, boolean isIpv4, BiConsumer<IpPrefix, V> action) {
        for (int length = 0; length < STRIDE; length++) {
            for (int bits = 0; bits < 1 << length; bits++) {
                final int position = position(bits, length);
                if ((node.valueMap & 1L << position) != 0) {
                    @SuppressWarnings("unchecked") // only put() stores values
                    final V value = (V) node.values[rank(node.valueMap, position)];
                    final int chunk = bits << (STRIDE - length);
                    action.accept(prefix(first, second, depth, chunk, depth + length, isIpv4), value);
                }
            }
        }
        for (int bits = 0; bits < 64; bits++) {
            if ((node.childMap & 1L << bits) != 0) {
                final IpAddress next = withChunk(first, second, depth, bits);
                visit(
                        node.children[rank(node.childMap, bits)],
                        next.high(),
                        next.low(),
                        depth + STRIDE,
                        isIpv4,
                        action);
            }
        }
    }

    private static IpPrefix prefix(long first, long second, int depth, int chunk, int length, boolean isIpv4) {
        final IpAddress bits = withChunk(first, second, depth, chunk);
        return new IpPrefix(isIpv4 ? IpAddress.ipv4((int) (bits.high() >>> 32)) : bits, length);
    }

    private static IpAddress withChunk(long first, long second, int depth, int chunk) {
        final long wide = chunk;
        if (depth <= 58) {
            return new IpAddress(first | wide << (58 - depth), second);
        }
        if (depth < 64) {
            return new IpAddress(first | wide >>> (depth - 58), second | wide << (122 - depth));
        }
        return new IpAddress(first, second | (depth <= 122 ? wide << (122 - depth) : wide >>> (depth - 122)));
    }
}
