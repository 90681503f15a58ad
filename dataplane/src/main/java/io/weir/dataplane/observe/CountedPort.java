package io.weir.dataplane.observe;

/**
 * A port as the counters name it.
 *
 * @param id   its number in flows, events and counters
 * @param name as in the configuration
 * @param role what is behind it: {@code pod}, {@code uplink} or {@code host}
 */
public record CountedPort(int id, String name, String role) {}
