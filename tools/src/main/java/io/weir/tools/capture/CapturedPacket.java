package io.weir.tools.capture;

/**
 * One packet of a capture.
 *
 * @param number         from 1, as Wireshark counts
 * @param timeNs         nanoseconds since 1970
 * @param bytes          what was captured, from the Ethernet header on; a capture of bare IP packets gets one
 * @param originalLength bytes that it had on the wire; more than captured when it was cut off
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record CapturedPacket(long number, long timeNs, byte[] bytes, int originalLength) {}
