package io.weir.bench.throughput;

import io.weir.dataplane.wire.MacAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * The packets of a measurement: one per flow, in random order, the same for the same parameters.
 *
 * @param flows     different flows, 1 to 4 million
 * @param frameSize bytes of a frame without its checksum sequence: 60 to 1514; 64 is the field's usual smallest; or {@link #IMIX}
 * @param ipv6      IPv6 instead of IPv4
 * @param tcp       TCP segments with ACK set instead of UDP datagrams
 */
public record Traffic(int flows, int frameSize, boolean ipv6, boolean tcp) {
    /** Where the packets claim to come from, and whom they address. */
    public record Ends(
            MacAddress sourceMac,
            MacAddress destinationMac,
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int destinations,
            int destinationPort) {}

    /** Of twelve frames seven have 64 bytes, four 594 and one 1514: the common mix of the Internet, without check sequence. */
    public static final int IMIX = 0;

    /** What Ethernet carries at least. */
    private static final int SMALLEST = 60;

    private static final int LARGEST = 1514;
    private static final int SEED = 42;
    private static final int ETHERNET = 14;

    public Traffic {
        if (flows < 1 || flows > 4_000_000) {
            throw new IllegalArgumentException("flows " + flows + " is outside 1..4000000");
        }
        final int smallest = frameSize == IMIX ? smallestOf(ipv6, tcp) : frameSize;
        if (smallest < smallestOf(ipv6, tcp) || frameSize > LARGEST) {
            throw new IllegalArgumentException("frame size " + frameSize + " does not fit the headers or the MTU");
        }
    }

    /**
     * Of the size that is asked for, or the smallest that the headers fit in, which {@link #packets()} tells.
     *
     * @param packets as {@link io.weir.bench.report.Variant#packets()} has it
     * @throws IllegalArgumentException when it is no size of a frame
     */
    public static Traffic of(int flows, String packets, boolean ipv6, boolean tcp) {
        if (packets.equals("imix")) {
            return new Traffic(flows, IMIX, ipv6, tcp);
        }
        try {
            final int size = Integer.parseInt(packets);
            if (size < SMALLEST || size > LARGEST) {
                throw new IllegalArgumentException(
                        "a frame of " + size + " bytes is outside " + SMALLEST + ".." + LARGEST);
            }
            return new Traffic(flows, Math.max(size, smallestOf(ipv6, tcp)), ipv6, tcp);
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("'" + packets + "' is no size of a packet, and not imix", e);
        }
    }

    /** As {@link io.weir.bench.report.Variant#packets()} has it. */
    public String packets() {
        return frameSize == IMIX ? "imix" : Integer.toString(frameSize);
    }

    private static int smallestOf(boolean ipv6, boolean tcp) {
        return ipv6 && tcp ? 74 : ipv6 ? 62 : SMALLEST;
    }

    private int sizeOf(int flow) {
        if (frameSize != IMIX) {
            return frameSize;
        }
        final int position = flow % 12;
        return position < 7 ? Math.max(64, smallestOf(ipv6, tcp)) : position < 11 ? 594 : 1514;
    }

    /** One frame per flow: flow i has source address {@code i / 50000} above the first, and a port of its own there. */
    public List<byte[]> frames(Ends ends) {
        final List<byte[]> frames = new ArrayList<>(flows);
        for (int flow = 0; flow < flows; flow++) {
            frames.add(frame(ends, flow));
        }
        Collections.shuffle(frames, new Random(SEED));
        return frames;
    }

    private byte[] frame(Ends ends, int flow) {
        final int size = sizeOf(flow);
        final ByteBuffer frame = ByteBuffer.allocate(size);
        frame.put(ends.destinationMac().toBytes()).put(ends.sourceMac().toBytes());
        frame.putShort((short) (ipv6 ? 0x86DD : 0x0800));
        final int sourcePort = 10_000 + flow % 50_000;
        final long source = ends.sourceLow() + flow / 50_000;
        final long destination = ends.destinationLow() + flow % ends.destinations();
        if (ipv6) {
            putIpv6(frame, ends.sourceHigh(), source, ends.destinationHigh(), destination);
        } else {
            putIpv4(frame, (int) source, (int) destination);
        }
        final int transport = frame.position();
        frame.putShort((short) sourcePort).putShort((short) ends.destinationPort());
        if (tcp) {
            frame.putInt(1)
                    .putInt(1)
                    .putShort((short) 0x5010)
                    .putShort((short) 0xFFFF)
                    .putInt(0);
        } else {
            frame.putShort((short) (size - transport)).putShort((short) 0);
        }
        final int checksumAt = transport + (tcp ? 16 : 6);
        frame.putShort(checksumAt, (short) transportChecksum(frame, transport));
        return frame.array();
    }

    private void putIpv4(ByteBuffer frame, int source, int destination) {
        frame.putShort((short) 0x4500)
                .putShort((short) (frame.capacity() - ETHERNET))
                .putInt(0x4000);
        frame.put((byte) 64)
                .put((byte) (tcp ? 6 : 17))
                .putShort((short) 0)
                .putInt(source)
                .putInt(destination);
        frame.putShort(ETHERNET + 10, (short) ~fold(sum(frame, ETHERNET, ETHERNET + 20)));
    }

    private void putIpv6(ByteBuffer frame, long sourceHigh, long source, long destinationHigh, long destination) {
        frame.putInt(0x6000_0000).putShort((short) (frame.capacity() - ETHERNET - 40));
        frame.put((byte) (tcp ? 6 : 17)).put((byte) 64);
        frame.putLong(sourceHigh).putLong(source).putLong(destinationHigh).putLong(destination);
    }

    private int transportChecksum(ByteBuffer frame, int transport) {
        final int addresses = ipv6 ? ETHERNET + 8 : ETHERNET + 12;
        final int size = frame.capacity();
        final long pseudo = sum(frame, addresses, transport) + (tcp ? 6 : 17) + (size - transport);
        final int checksum = ~fold(pseudo + sum(frame, transport, size)) & 0xFFFF;
        return checksum == 0 ? 0xFFFF : checksum;
    }

    private static long sum(ByteBuffer frame, int from, int to) {
        long sum = 0;
        for (int i = from; i < to; i += 2) {
            sum += (frame.get(i) & 0xFF) << 8 | (i + 1 < to ? frame.get(i + 1) & 0xFF : 0);
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xFFFF) + (folded >>> 16);
        }
        return (int) folded;
    }
}
