package io.weir.dataplane.linux;

/**
 * What the kernel counted at a receive ring since it was asked last.
 *
 * @param received frames for this socket, those that were dropped included
 * @param dropped  frames that found no free block
 * @param freezes  how often the ring went from having room to having none
 */
public record PacketStatistics(long received, long dropped, long freezes) {}
