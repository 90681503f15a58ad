package io.weir.agent.config;

/**
 * Where a piece of configuration was written.
 *
 * @param place    the file as the user named it, an option of the command line, or {@code the API server}
 * @param document which YAML or JSON document of the file, from 1; 0 where there are no documents
 */
public record Origin(String place, int document) {
    /** A place that has no documents. */
    public static Origin of(String place) {
        return new Origin(place, 0);
    }

    /** {@code pods.yaml, document 2}. */
    @Override
    public String toString() {
        return document == 0 ? place : place + ", document " + document;
    }
}
