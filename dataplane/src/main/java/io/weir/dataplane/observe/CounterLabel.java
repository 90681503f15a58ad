package io.weir.dataplane.observe;

/**
 * What a number of a worker's region stands for, as the file itself says.
 *
 * @param kind     what is counted
 * @param index    place in the worker's array; for {@link Kind#PORT}, among the numbers of a port
 * @param label    lower-kebab name
 * @param sentence for a person
 */
public record CounterLabel(Kind kind, int index, String label, String sentence) {
    /** What is counted. */
    public enum Kind {
        /** Packets that were dropped for this reason. */
        DROP,
        /** Something that a worker does. */
        COUNTER,
        /** Traffic of each port. */
        PORT
    }
}
