package io.weir.agent.offload;

import io.weir.dataplane.offload.OffloadedFlow;

/**
 * One direction of a connection that the kernel carries now, for people and programs.
 *
 * @param connection    index in connection tracking
 * @param generation    of the connection
 * @param isReply       runs against the connection's first direction
 * @param recentPackets carried in the last second that was counted
 * @param recentBytes   of these packets
 * @param packets       carried since the connection was offloaded
 * @param bytes         of these packets
 * @param idleSeconds   since something was carried in either direction
 */
public record OffloadedDirection(
        OffloadedFlow flow,
        int connection,
        int generation,
        boolean isReply,
        long recentPackets,
        long recentBytes,
        long packets,
        long bytes,
        long idleSeconds) {}
