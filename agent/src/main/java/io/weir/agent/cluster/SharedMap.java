package io.weir.agent.cluster;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A sorted map that nobody changes: {@link #with} and {@link #without} make another one, which shares all but a few nodes
 * with this one. What differs between two maps is found without a look at what they share, so a change among a hundred
 * thousand entries costs a few dozen steps.
 *
 * <p>A treap (Seidel and Aragon, "Randomized search trees", 1996) whose priorities are hashes of the keys: the same keys
 * give the same tree, in whichever order they came.
 */
@SuppressWarnings("JdkObsolete") // nobody asks for neighbours of a key: NavigableMap has twelve methods for that
public final class SharedMap<V> extends AbstractMap<String, V> implements SortedMap<String, V> {
    private static final SharedMap<?> EMPTY = new SharedMap<>(null, 0);

    private final @Nullable Node<V> root;
    private final int size;

    private SharedMap(@Nullable Node<V> root, int size) {
        this.root = root;
        this.size = size;
    }

    private record Node<V>(
            String key,
            V value,
            int priority,
            @Nullable Node<V> left,
            @Nullable Node<V> right) {
        Node<V> with(@Nullable Node<V> newLeft, @Nullable Node<V> newRight) {
            return new Node<>(key, value, priority, newLeft, newRight);
        }

        /** Is to be above the other. */
        boolean isAbove(Node<V> other) {
            return priority != other.priority ? priority > other.priority : key.compareTo(other.key) < 0;
        }
    }

    /** What is on both sides of a key, and at it. */
    private record Parts<V>(
            @Nullable Node<V> below,
            @Nullable Node<V> at,
            @Nullable Node<V> above) {}

    @SuppressWarnings("unchecked") // it has no value of any type
    public static <V> SharedMap<V> empty() {
        return (SharedMap<V>) EMPTY;
    }

    /** The same entries; the very map if it is one of these. */
    public static <V> SharedMap<V> copyOf(Map<String, V> map) {
        if (map instanceof final SharedMap<V> shared) {
            return shared;
        }
        SharedMap<V> copy = empty();
        for (final Entry<String, V> entry : map.entrySet()) {
            copy = copy.with(entry.getKey(), entry.getValue());
        }
        return copy;
    }

    /** This map with the key's value replaced or added; this very map when it has that very value. */
    @SuppressWarnings("ReferenceEquality")
    public SharedMap<V> with(String key, V value) {
        final Node<V> known = find(key);
        if (known != null && known.value == value) {
            return this;
        }
        final Node<V> node = new Node<>(key, value, priority(key), null, null);
        return new SharedMap<>(insert(root, node), known == null ? size + 1 : size);
    }

    /** This map without the key; this very map when it does not have it. */
    public SharedMap<V> without(String key) {
        return find(key) == null ? this : new SharedMap<>(delete(root, key), size - 1);
    }

    /** A hash whose high bits depend on all characters; String's own is too regular for names that count up. */
    private static int priority(String key) {
        int hash = key.hashCode();
        hash = (hash ^ hash >>> 16) * 0x7FEB352D;
        hash = (hash ^ hash >>> 15) * 0x846CA68B;
        return hash ^ hash >>> 16;
    }

    private static <V> Node<V> insert(@Nullable Node<V> at, Node<V> node) {
        if (at == null) {
            return node;
        }
        final int order = node.key.compareTo(at.key);
        if (order == 0) {
            return node.with(at.left, at.right);
        }
        if (node.isAbove(at)) {
            final Parts<V> parts = split(at, node.key);
            return node.with(parts.below, parts.above);
        }
        return order < 0 ? at.with(insert(at.left, node), at.right) : at.with(at.left, insert(at.right, node));
    }

    private static <V> Parts<V> split(@Nullable Node<V> at, String key) {
        if (at == null) {
            return new Parts<>(null, null, null);
        }
        final int order = key.compareTo(at.key);
        if (order == 0) {
            return new Parts<>(at.left, at, at.right);
        }
        if (order < 0) {
            final Parts<V> left = split(at.left, key);
            return new Parts<>(left.below, left.at, at.with(left.above, at.right));
        }
        final Parts<V> right = split(at.right, key);
        return new Parts<>(at.with(at.left, right.below), right.at, right.above);
    }

    private static <V> @Nullable Node<V> delete(@Nullable Node<V> at, String key) {
        if (at == null) {
            return null;
        }
        final int order = key.compareTo(at.key);
        if (order == 0) {
            return join(at.left, at.right);
        }
        return order < 0 ? at.with(delete(at.left, key), at.right) : at.with(at.left, delete(at.right, key));
    }

    private static <V> @Nullable Node<V> join(@Nullable Node<V> left, @Nullable Node<V> right) {
        if (left == null || right == null) {
            return left == null ? right : left;
        }
        return left.isAbove(right)
                ? left.with(left.left, join(left.right, right))
                : right.with(join(left, right.left), right.right);
    }

    private @Nullable Node<V> find(Object key) {
        if (!(key instanceof final String text)) {
            return null;
        }
        Node<V> at = root;
        while (at != null) {
            final int order = text.compareTo(at.key);
            if (order == 0) {
                return at;
            }
            at = order < 0 ? at.left : at.right;
        }
        return null;
    }

    /**
     * Shows in order of the keys what differs between two maps: what was there, or null, and what is there now, or null.
     * Values are the same if they are the same object.
     */
    public static <V> void differences(
            SortedMap<String, V> before, SortedMap<String, V> after, BiConsumer<@Nullable V, @Nullable V> difference) {
        differences(copyOf(before).root, copyOf(after).root, difference);
    }

    @SuppressWarnings("ReferenceEquality")
    private static <V> void differences(
            @Nullable Node<V> before, @Nullable Node<V> after, BiConsumer<@Nullable V, @Nullable V> difference) {
        if (before == after) {
            return;
        }
        final boolean isByBefore = after == null || (before != null && before.isAbove(after));
        final Node<V> upper = isByBefore ? before : after;
        if (upper == null) {
            return;
        }
        final Parts<V> parts = split(isByBefore ? after : before, upper.key);
        differences(isByBefore ? upper.left : parts.below, isByBefore ? parts.below : upper.left, difference);
        final V old = value(isByBefore ? upper : parts.at);
        final V young = value(isByBefore ? parts.at : upper);
        if (old != young) {
            difference.accept(old, young);
        }
        differences(isByBefore ? upper.right : parts.above, isByBefore ? parts.above : upper.right, difference);
    }

    private static <V> @Nullable V value(@Nullable Node<V> node) {
        return node == null ? null : node.value;
    }

    @Override
    public @Nullable V get(Object key) {
        return value(find(key));
    }

    @Override
    public boolean containsKey(Object key) {
        return find(key) != null;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Set<Entry<String, V>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Entry<String, V>> iterator() {
                return new Entries<>(root);
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    private static final class Entries<V> implements Iterator<Entry<String, V>> {
        private final Deque<Node<V>> path = new ArrayDeque<>();

        Entries(@Nullable Node<V> root) {
            descend(root);
        }

        private void descend(@Nullable Node<V> from) {
            for (Node<V> at = from; at != null; at = at.left) {
                path.push(at);
            }
        }

        @Override
        public boolean hasNext() {
            return !path.isEmpty();
        }

        @Override
        public Entry<String, V> next() {
            if (path.isEmpty()) {
                throw new NoSuchElementException("the map has no more entries");
            }
            final Node<V> node = path.pop();
            descend(node.right);
            return new SimpleImmutableEntry<>(node.key, node.value);
        }
    }

    @Override
    public @Nullable Comparator<? super String> comparator() {
        return null; // natural order
    }

    @Override
    public SortedMap<String, V> subMap(String from, String to) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(this).subMap(from, to));
    }

    @Override
    public SortedMap<String, V> headMap(String to) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(this).headMap(to));
    }

    @Override
    public SortedMap<String, V> tailMap(String from) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(this).tailMap(from));
    }

    @Override
    public String firstKey() {
        return entrySet().iterator().next().getKey();
    }

    @Override
    public String lastKey() {
        Node<V> at = root;
        while (at != null && at.right != null) {
            at = at.right;
        }
        if (at == null) {
            throw new NoSuchElementException("the map is empty");
        }
        return at.key;
    }
}
