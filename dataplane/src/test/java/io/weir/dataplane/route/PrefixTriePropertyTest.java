package io.weir.dataplane.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** The trie against a map that is searched length by length. */
class PrefixTriePropertyTest {
    @Property(tries = 150)
    void findsWhatANaiveSearchFinds(@ForAll int seed) {
        final Random random = new Random(seed);
        final Map<IpPrefix, Integer> model = new HashMap<>();
        PrefixTrie<Integer> trie = PrefixTrie.empty();
        final int universe = 1 << random.nextInt(12);
        for (int i = 0; i < 200; i++) {
            final IpPrefix prefix = randomPrefix(random, universe);
            if (random.nextInt(3) == 0) {
                model.remove(prefix);
                trie = trie.remove(prefix);
            } else {
                model.put(prefix, i);
                trie = trie.put(prefix, i);
            }
            assertThat(trie.get(prefix)).isEqualTo(model.get(prefix));
            assertThat(trie.findCovering(prefix)).isEqualTo(covering(model, prefix));
        }
        assertThat(trie.size()).isEqualTo(model.size());
        for (int i = 0; i < 300; i++) {
            final IpAddress address = randomAddress(random, universe);
            assertThat(trie.find(address.high(), address.low())).isEqualTo(longest(model, address));
        }
        final Map<IpPrefix, Integer> listed = new HashMap<>();
        trie.forEach(listed::put);
        assertThat(listed).isEqualTo(model);
    }

    private static IpAddress randomAddress(Random random, int universe) {
        if (random.nextBoolean()) {
            return IpAddress.ipv4(0x0A00_0000 | random.nextInt(universe) << random.nextInt(12));
        }
        final long spread = (long) random.nextInt(universe) << random.nextInt(50);
        return new IpAddress(0xFD00_0000_0000_0000L | spread, (long) random.nextInt(universe) << random.nextInt(50));
    }

    private static IpPrefix randomPrefix(Random random, int universe) {
        final IpAddress address = randomAddress(random, universe);
        return new IpPrefix(address, random.nextInt(address.bitLength() + 1));
    }

    private static @Nullable Integer longest(Map<IpPrefix, Integer> model, IpAddress address) {
        for (int length = address.bitLength(); length >= 0; length--) {
            final Integer value = model.get(new IpPrefix(address, length));
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    private static @Nullable Integer covering(Map<IpPrefix, Integer> model, IpPrefix prefix) {
        for (int length = prefix.length() - 1; length >= 0; length--) {
            final Integer value = model.get(new IpPrefix(prefix.address(), length));
            if (value != null) {
                return value;
            }
        }
        return null;
    }
}
