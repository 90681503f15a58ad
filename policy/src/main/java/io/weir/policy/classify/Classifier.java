package io.weir.policy.classify;

import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Ordered rules over (peer, protocol, port), compiled: which rule is the first that matches. Immutable, allocation-free.
 *
 * <p>A peer is an address and, when the address is known, an identity: a small positive number that stands for all
 * addresses of equal properties. A rule names its peers in one of four ways (everyone; everyone with an identity; certain
 * identities; a block of addresses with exceptions); the answer is the lowest of four look-ups, each of which costs the
 * same whether there are ten rules or ten thousand. Rules carry no action here: network policy, tiers and security groups
 * keep their own.
 */
public final class Classifier {
    /** No rule matches. Greater than every rule. */
    public static final int NO_MATCH = Integer.MAX_VALUE;

    /** The identity of an address that has none. */
    public static final int NO_IDENTITY = 0;

    /** Matches nothing. */
    public static final Classifier EMPTY = new Builder().build();

    private final PortMap everyone;
    private final PortMap identified;
    private final IdentityRows rows;
    private final BlockMap blocks;
    private final boolean hasBlocks;
    private final int classes;

    private Classifier(
            PortMap everyone, PortMap identified, IdentityRows rows, BlockMap blocks, boolean hasBlocks, int classes) {
        this.everyone = everyone;
        this.identified = identified;
        this.rows = rows;
        this.blocks = blocks;
        this.hasBlocks = hasBlocks;
        this.classes = classes;
    }

    /**
     * The lowest rule that matches, or {@link #NO_MATCH}.
     *
     * @param portKey from {@link PortSet#key}
     */
    public int first(int identity, long addressHigh, long addressLow, int portKey) {
        int best = everyone.first(portKey);
        if (identity != NO_IDENTITY) {
            best = Math.min(best, identified.first(portKey));
            best = Math.min(best, rows.row(identity).first(portKey));
        }
        if (hasBlocks) {
            best = Math.min(best, blocks.find(addressHigh, addressLow).first(portKey));
        }
        return best;
    }

    /** No address would notice if it changed from one identity to the other; either may be {@link #NO_IDENTITY}. */
    public boolean treatsAlike(int identity, int otherIdentity) {
        if (identity == otherIdentity) {
            return true;
        }
        final boolean sameKind = (identity == NO_IDENTITY) == (otherIdentity == NO_IDENTITY);
        return (sameKind || identified == PortMap.EMPTY) && row(identity).isSame(row(otherIdentity));
    }

    /** The rules that single out this identity are the same in both. */
    public boolean hasSameRow(Classifier other, int identity) {
        return row(identity).isSame(other.row(identity));
    }

    private PortMap row(int identity) {
        return identity == NO_IDENTITY ? PortMap.EMPTY : rows.row(identity);
    }

    /**
     * A copy in which these identities are singled out by other rules.
     *
     * @param matches per identity, in ascending order of rules; an empty list forgets the identity
     */
    public Classifier withRows(Map<Integer, List<Match>> matches) {
        final Map<Integer, PortMap> changed = HashMap.newHashMap(matches.size());
        final Map<List<Match>, PortMap> known = new HashMap<>();
        matches.forEach((identity, list) -> changed.put(identity, known.computeIfAbsent(list, PortMap::of)));
        return new Classifier(everyone, identified, rows.with(changed), blocks, hasBlocks, classes + known.size());
    }

    /** Bytes of heap, by reckoning. */
    public long sizeBytes() {
        return rows.sizeBytes() + blocks.sizeBytes() + everyone.sizeBytes() + identified.sizeBytes() + 100L * classes;
    }

    /** One line for people. */
    @Override
    public String toString() {
        return rows.size() + " identities, " + classes + " classes";
    }

    /** Collects rules; call with rising rule numbers. */
    public static final class Builder {
        private record Block(int rule, IpPrefix prefix, List<IpPrefix> except, PortSet ports) {}

        private final List<Match> everyone = new ArrayList<>();
        private final List<Match> identified = new ArrayList<>();
        private final Map<Integer, List<Match>> identities = new HashMap<>();
        private final List<Block> blocks = new ArrayList<>();
        private final Map<List<Match>, PortMap> known = new HashMap<>();

        /** The rule matches every address. */
        public void everyone(int rule, PortSet ports) {
            add(everyone, rule, ports);
        }

        /** The rule matches every address that has an identity. */
        public void identified(int rule, PortSet ports) {
            add(identified, rule, ports);
        }

        /** The rule matches addresses of this identity. */
        public void identity(int rule, int identity, PortSet ports) {
            add(identities.computeIfAbsent(identity, key -> new ArrayList<>()), rule, ports);
        }

        /** The rule matches addresses in the block, but none in the exceptions, identity or not. */
        public void block(int rule, IpPrefix block, List<IpPrefix> except, PortSet ports) {
            if (!ports.isEmpty() && except.stream().noneMatch(hole -> hole.contains(block))) {
                blocks.add(new Block(rule, block, except, ports));
            }
        }

        private static void add(List<Match> matches, int rule, PortSet ports) {
            if (!ports.isEmpty()) {
                matches.add(new Match(rule, ports));
            }
        }

        public Classifier build() {
            final Map<Integer, PortMap> rows = HashMap.newHashMap(identities.size());
            identities.forEach((identity, matches) -> {
                if (!matches.isEmpty()) {
                    rows.put(identity, mapOf(matches));
                }
            });
            final Map<IpPrefix, PortMap> blockMaps = blockMaps();
            return new Classifier(
                    mapOf(everyone),
                    mapOf(identified),
                    rows.isEmpty() ? IdentityRows.EMPTY : new IdentityRows(rows),
                    new BlockMap(blockMaps),
                    !blockMaps.isEmpty(),
                    known.size());
        }

        private PortMap mapOf(List<Match> matches) {
            return matches.isEmpty() ? PortMap.EMPTY : known.computeIfAbsent(List.copyOf(matches), PortMap::of);
        }

        /** Each prefix that begins or ends a rule gets the rules of the prefix around it, plus and minus its own. */
        private Map<IpPrefix, PortMap> blockMaps() {
            final Map<IpPrefix, List<Block>> begins = new TreeMap<>(Builder::compareOutsideIn);
            final Map<IpPrefix, Set<Block>> ends = new HashMap<>();
            for (final Block block : blocks) {
                begins.computeIfAbsent(block.prefix, key -> new ArrayList<>()).add(block);
                for (final IpPrefix hole : block.except) {
                    if (block.prefix.contains(hole)) {
                        begins.computeIfAbsent(hole, key -> new ArrayList<>());
                        ends.computeIfAbsent(hole, key -> new HashSet<>()).add(block);
                    }
                }
            }
            final Map<IpPrefix, PortMap> maps = new HashMap<>();
            final List<IpPrefix> around = new ArrayList<>();
            final List<List<Block>> activeAround = new ArrayList<>();
            begins.forEach((prefix, begun) -> {
                while (!around.isEmpty() && !around.getLast().contains(prefix)) {
                    around.removeLast();
                    activeAround.removeLast();
                }
                final List<Block> active = new ArrayList<>(activeAround.isEmpty() ? List.of() : activeAround.getLast());
                active.removeAll(ends.getOrDefault(prefix, Set.of()));
                active.addAll(begun);
                active.sort((a, b) -> Integer.compare(a.rule, b.rule));
                around.add(prefix);
                activeAround.add(active);
                maps.put(
                        prefix,
                        mapOf(active.stream()
                                .map(b -> new Match(b.rule, b.ports))
                                .toList()));
            });
            return maps;
        }

        private static int compareOutsideIn(IpPrefix a, IpPrefix b) {
            final int byAddress = a.address().compareTo(b.address());
            return byAddress != 0 ? byAddress : Integer.compare(a.length(), b.length());
        }
    }
}
