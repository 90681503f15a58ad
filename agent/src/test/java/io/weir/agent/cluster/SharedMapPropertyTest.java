package io.weir.agent.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** A map whose versions share their parts, against the one of the JDK. */
class SharedMapPropertyTest {
    /** Random puts and removals; now and then the difference to an older version is compared with one found by looking. */
    @Property(tries = 60)
    void itDoesWhatASortedMapDoes(@ForAll int seed, @ForAll @IntRange(min = 1, max = 300) int keys) {
        final SplittableRandom random = new SplittableRandom(seed);
        final TreeMap<String, Object> model = new TreeMap<>();
        SharedMap<Object> map = SharedMap.empty();
        TreeMap<String, Object> oldModel = new TreeMap<>();
        SharedMap<Object> old = map;
        for (int step = 0; step < 400; step++) {
            final String key = "default/web-" + random.nextInt(keys);
            if (random.nextInt(3) == 0) {
                map = map.without(key);
                model.remove(key);
            } else {
                final Object value = new Object();
                map = map.with(key, value);
                model.put(key, value);
            }
            if (random.nextInt(40) == 0) {
                assertSame(map, model);
                assertThat(differences(old, map)).isEqualTo(differencesOf(oldModel, model));
                assertThat(differences(map, old)).isEqualTo(differencesOf(model, oldModel));
                if (random.nextBoolean()) {
                    old = map;
                    oldModel = new TreeMap<>(model);
                }
            }
        }
        assertSame(map, model);
        assertSame(old, oldModel);
        assertThat(differences(SharedMap.copyOf(model), map)).isEmpty();
    }

    private static void assertSame(SharedMap<Object> map, NavigableMap<String, Object> model) {
        assertThat(map).isEqualTo(model).hasSameSizeAs(model);
        assertThat(new ArrayList<>(map.entrySet())).isEqualTo(new ArrayList<>(model.entrySet()));
        model.forEach((key, value) -> assertThat(map.get(key)).isSameAs(value));
        assertThat(map.get("default/web-none")).isNull();
        if (!model.isEmpty()) {
            final String key = model.firstKey();
            assertThat(map.firstKey()).isEqualTo(key);
            assertThat(map.lastKey()).isEqualTo(model.lastKey());
            assertThat(map.tailMap(key)).isEqualTo(model.tailMap(key));
            assertThat(map.headMap(model.lastKey())).isEqualTo(model.headMap(model.lastKey()));
        }
    }

    private static <V> List<List<Object>> differences(SharedMap<V> before, SharedMap<V> after) {
        final List<List<Object>> all = new ArrayList<>();
        SharedMap.differences(
                before, after, (old, young) -> all.add(List.of(old == null ? "" : old, young == null ? "" : young)));
        return all;
    }

    private static List<List<Object>> differencesOf(Map<String, Object> before, Map<String, Object> after) {
        final TreeMap<String, Object> keys = new TreeMap<>(before);
        keys.putAll(after);
        final List<List<Object>> all = new ArrayList<>();
        for (final String key : keys.keySet()) {
            final Object old = before.getOrDefault(key, "");
            final Object young = after.getOrDefault(key, "");
            if (!old.equals(young)) {
                all.add(List.of(old, young));
            }
        }
        return all;
    }

    @Example
    void keysThatComeInOrderMakeNoLongPath() {
        SharedMap<Integer> map = SharedMap.empty();
        for (int i = 0; i < 100_000; i++) {
            map = map.with("default/web-%06d".formatted(i), i);
        }
        final int[] seen = {0};
        SharedMap.differences(map, map.with("default/web-050000", -1), (old, young) -> seen[0]++);
        assertThat(seen[0]).isEqualTo(1);
        assertThat(map).hasSize(100_000);
    }

    @Example
    void anEmptyMapHasNoEnds() {
        final SharedMap<String> empty = SharedMap.empty();
        assertThatThrownBy(empty::firstKey).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(empty::lastKey).isInstanceOf(NoSuchElementException.class);
        assertThat(empty.without("x")).isSameAs(empty);
        assertThat(empty.with("x", "y").with("x", "y").without("x")).isEmpty();
    }
}
