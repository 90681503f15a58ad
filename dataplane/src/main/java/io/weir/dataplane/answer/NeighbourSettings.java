package io.weir.dataplane.answer;

/**
 * How neighbours are kept.
 *
 * @param reachableSeconds    how long a neighbour is believed to be there after it was heard of; then it is asked
 * @param probes              unanswered questions, a second apart, after which it is forgotten
 * @param capacity            neighbours that are known or asked for at most
 */
public record NeighbourSettings(int reachableSeconds, int probes, int capacity) {
    public static final NeighbourSettings DEFAULT = new NeighbourSettings(60, 3, 4096);

    public NeighbourSettings {
        if (reachableSeconds < 1 || reachableSeconds > 86_400) {
            throw new IllegalArgumentException("reachableSeconds " + reachableSeconds + " is outside 1..86400");
        }
        if (probes < 1 || probes > 100) {
            throw new IllegalArgumentException("probes " + probes + " is outside 1..100");
        }
        if (capacity < 1 || capacity > 1_000_000) {
            throw new IllegalArgumentException("capacity " + capacity + " is outside 1..1000000");
        }
    }
}
