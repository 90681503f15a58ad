package io.weir.dataplane.linux;

/**
 * What the kernel counted at a receive ring since it was asked last.
 *
 * @param received frames for this socket, those that were dropped included
 * @param dropped  frames that found no free place
 */
public record PacketStatistics(long received, long dropped) {}
