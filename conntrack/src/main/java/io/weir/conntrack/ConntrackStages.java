package io.weir.conntrack;

/**
 * The three stages that make up connection tracking, for one pipeline.
 *
 * @param conntrack before the service stage
 * @param snat      behind the route stage
 * @param commit    last
 */
public record ConntrackStages(ConntrackStage conntrack, SnatStage snat, CommitStage commit) {}
