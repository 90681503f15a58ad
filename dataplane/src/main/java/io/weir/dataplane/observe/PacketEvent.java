package io.weir.dataplane.observe;

/**
 * Something that happened to a packet.
 *
 * @param timeNs   ns since 1970
 * @param worker   who handled it
 * @param kind     what happened
 * @param reasonId drop reason; 0 when it was not dropped
 * @param port     id of the port that it came from
 * @param length   bytes of the frame
 * @param bytes    the first ones, at most 96
 * @param rule     the policy rules that decided, or nothing
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record PacketEvent(
        long timeNs, int worker, EventKind kind, int reasonId, int port, int length, byte[] bytes, String rule) {}
