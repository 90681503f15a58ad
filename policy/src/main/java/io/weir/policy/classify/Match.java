package io.weir.policy.classify;

/**
 * A rule as far as one peer is concerned.
 *
 * @param rule  its place in the order of rules, from 0; the lowest wins
 * @param ports where it applies
 */
public record Match(int rule, PortSet ports) {}
