package io.weir.agent.offload;

import io.weir.dataplane.offload.OffloadedFlow;

/**
 * What the pipeline says about one direction of a connection: it may be offloaded.
 *
 * @param flow       what the kernel has to do
 * @param connection index in connection tracking
 * @param generation of the connection
 * @param isReply    runs against the connection's first direction
 * @param slots      version slots that this depends on
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record JudgedDirection(OffloadedFlow flow, int connection, int generation, boolean isReply, int[] slots) {}
