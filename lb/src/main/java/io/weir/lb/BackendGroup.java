package io.weir.lb;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The backends that one scope of a Service port may choose from, and the lookup that chooses. Immutable but for the turn
 * of a round robin, which a group inherits from the one that it replaces.
 *
 * <p>Backends stand in the order of their address and port. {@code lookup} maps a slot to a position: the Maglev table,
 * or the sequence of a weighted round robin.
 */
final class BackendGroup {
    static final BackendGroup EMPTY = new BackendGroup(
            Scheduler.MAGLEV,
            new int[0],
            new long[0],
            new long[0],
            new int[0],
            new int[0],
            new BackendPlace[0],
            new char[0],
            new AtomicInteger());

    /** A weighted round robin's sequence is at most this long; weights are scaled down to fit. */
    private static final int MAX_SEQUENCE = 4096;

    private final Scheduler scheduler;
    private final int[] ids;
    private final long[] highs;
    private final long[] lows;
    private final int[] ports;
    private final int[] weights;
    private final BackendPlace[] places;
    private final char[] lookup;
    private final AtomicInteger turn;

    private BackendGroup(
            Scheduler scheduler,
            int[] ids,
            long[] highs,
            long[] lows,
            int[] ports,
            int[] weights,
            BackendPlace[] places,
            char[] lookup,
            AtomicInteger turn) {
        this.scheduler = scheduler;
        this.ids = ids;
        this.highs = highs;
        this.lows = lows;
        this.ports = ports;
        this.weights = weights;
        this.places = places;
        this.lookup = lookup;
        this.turn = turn;
    }

    /**
     * A group of these backends; {@code previous} itself when nothing differs, and with its lookup where that still fits.
     *
     * @param backends sorted by address and port, weights above 0
     */
    static BackendGroup of(Backend[] backends, Scheduler scheduler, int tableSize, BackendGroup previous) {
        final int count = backends.length;
        if (count == 0) {
            return EMPTY;
        }
        final int[] ids = new int[count];
        final long[] highs = new long[count];
        final long[] lows = new long[count];
        final int[] ports = new int[count];
        final int[] weights = new int[count];
        final BackendPlace[] places = new BackendPlace[count];
        for (int i = 0; i < count; i++) {
            final Backend backend = backends[i];
            ids[i] = backend.id();
            highs[i] = backend.spec().address().high();
            lows[i] = backend.spec().address().low();
            ports[i] = backend.spec().port();
            weights[i] = backend.spec().weight();
            places[i] = backend.spec().place();
        }
        final int size = tableSize != 0 ? tableSize : Maglev.sizeFor(count);
        final boolean sameLookup = previous.scheduler == scheduler
                && Arrays.equals(previous.highs, highs)
                && Arrays.equals(previous.lows, lows)
                && Arrays.equals(previous.ports, ports)
                && Arrays.equals(previous.weights, weights)
                && (!isHashed(scheduler) || previous.lookup.length == size);
        if (sameLookup && Arrays.equals(previous.ids, ids) && Arrays.equals(previous.places, places)) {
            return previous;
        }
        final char[] lookup = sameLookup ? previous.lookup : lookup(backends, scheduler, weights, size);
        final AtomicInteger turn = previous.ids.length == 0 ? new AtomicInteger() : previous.turn;
        return new BackendGroup(scheduler, ids, highs, lows, ports, weights, places, lookup, turn);
    }

    /** The choice depends on the packet and the set of backends alone. */
    static boolean isHashed(Scheduler scheduler) {
        return scheduler == Scheduler.MAGLEV || scheduler == Scheduler.SOURCE_HASH;
    }

    private static char[] lookup(Backend[] backends, Scheduler scheduler, int[] weights, int size) {
        return switch (scheduler) {
            case MAGLEV, SOURCE_HASH -> {
                final long[] seeds = new long[backends.length];
                for (int i = 0; i < seeds.length; i++) {
                    seeds[i] = Maglev.seed(
                            backends[i].spec().address(), backends[i].spec().port());
                }
                yield Maglev.table(seeds, weights, size);
            }
            case WEIGHTED_ROUND_ROBIN -> sequence(weights);
            case ROUND_ROBIN, LEAST_CONNECTIONS -> new char[0];
        };
    }

    /** Each position as often as its weight says, spread evenly: whoever is owed most is next. */
    static char[] sequence(int[] weights) {
        long sum = 0;
        int divisor = 0;
        for (final int weight : weights) {
            sum += weight;
            divisor = greatestCommonDivisor(weight, divisor);
        }
        final long[] share = new long[weights.length];
        final long limit = Math.max(MAX_SEQUENCE, weights.length);
        long length = 0;
        for (int i = 0; i < weights.length; i++) {
            share[i] = sum / divisor <= limit ? weights[i] / divisor : Math.max(1, weights[i] * limit / sum);
            length += share[i];
        }
        final long[] owed = new long[weights.length];
        final char[] sequence = new char[(int) length];
        for (int at = 0; at < sequence.length; at++) {
            int most = 0;
            for (int i = 0; i < owed.length; i++) {
                owed[i] += share[i];
                if (owed[i] > owed[most]) {
                    most = i;
                }
            }
            owed[most] -= length;
            sequence[at] = (char) most;
        }
        return sequence;
    }

    private static int greatestCommonDivisor(int a, int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    int size() {
        return ids.length;
    }

    int id(int position) {
        return ids[position];
    }

    long high(int position) {
        return highs[position];
    }

    long low(int position) {
        return lows[position];
    }

    int port(int position) {
        return ports[position];
    }

    int weight(int position) {
        return weights[position];
    }

    BackendPlace place(int position) {
        return places[position];
    }

    int tableSize() {
        return lookup.length;
    }

    /** Where the backend of this id stands, or -1. */
    int positionOf(int id) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == id) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Chooses for a new connection.
     *
     * @param flowHash   of the 5-tuple; with affinity of the client's address
     * @param clientHash of the client's address
     * @param takeTurn   false for a dry run: a round robin does not move on
     * @return a position; the group is not empty
     */
    int choose(int flowHash, int clientHash, BackendTable states, boolean takeTurn) {
        return switch (scheduler) {
            case MAGLEV -> lookup[Maglev.slot(flowHash, lookup.length)];
            case SOURCE_HASH -> lookup[Maglev.slot(clientHash, lookup.length)];
            case ROUND_ROBIN -> Integer.remainderUnsigned(nextTurn(takeTurn), ids.length);
            case WEIGHTED_ROUND_ROBIN -> lookup[Integer.remainderUnsigned(nextTurn(takeTurn), lookup.length)];
            case LEAST_CONNECTIONS -> leastConnections(flowHash, states);
        };
    }

    private int nextTurn(boolean take) {
        return take ? turn.getAndIncrement() : turn.get();
    }

    /** Starts at a hashed position, so that equals share what comes. */
    private int leastConnections(int flowHash, BackendTable states) {
        final int count = ids.length;
        int at = Maglev.slot(flowHash, count);
        int best = at;
        long bestConnections = states.connections(ids[at]);
        for (int i = 1; i < count; i++) {
            at = at + 1 == count ? 0 : at + 1;
            final long connections = states.connections(ids[at]);
            if (connections * weights[best] < bestConnections * weights[at]) {
                best = at;
                bestConnections = connections;
            }
        }
        return best;
    }
}
