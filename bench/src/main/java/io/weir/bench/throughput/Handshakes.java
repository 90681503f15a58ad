package io.weir.bench.throughput;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.wire.InternetChecksum;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Opens the TCP connections of a capture before it is played: a SYN of each flow goes in, and what leaves is answered. Without it
 * the segments would be those of connections whose beginning nobody has seen, and those have no window that could be checked.
 * In the place of source and sink of a single worker meanwhile.
 */
final class Handshakes implements Port {
    private static final int ETHERNET = 14;
    private static final int TCP_HEADER = 20;
    private static final int FLAGS = 13;
    private static final int SYN = 2;
    private static final int SYN_ACK = 18;

    /** A SYN that left in a tunnel has its IP header behind this much. */
    private static final int TUNNELLED_IP = 64;

    private final Queue<byte[]> waiting = new ArrayDeque<>();

    private Handshakes() {}

    /**
     * Opens them all; a capture of something else is left alone. The worker must not be stepped by anybody else meanwhile.
     *
     * @throws IllegalStateException when not every SYN was forwarded
     */
    static void hold(Rig rig, List<byte[]> frames) {
        if (!isTcp(frames.getFirst(), ETHERNET)) {
            return;
        }
        final Handshakes ends = new Handshakes();
        for (final byte[] frame : frames) {
            ends.waiting.add(syn(frame));
        }
        final Port[] replaced = new Port[2];
        final long before = rig.forwarded();
        exchange(rig, ends, ends, replaced);
        int turns = 0;
        while (!ends.waiting.isEmpty() && turns++ < 8 * frames.size()) {
            rig.step();
        }
        exchange(rig, replaced[Rig.SOURCE], replaced[Rig.SINK], new Port[2]);
        if (rig.forwarded() - before < frames.size()) {
            throw new IllegalStateException(
                    (rig.forwarded() - before) + " of " + frames.size() + " SYNs were forwarded");
        }
    }

    private static void exchange(Rig rig, Port source, Port sink, Port[] replaced) {
        rig.exchange(Rig.SOURCE, port -> {
            replaced[Rig.SOURCE] = port;
            return source;
        });
        rig.exchange(Rig.SINK, port -> {
            replaced[Rig.SINK] = port;
            return sink;
        });
        rig.step();
    }

    private static boolean isIpv4(byte[] frame, int ip) {
        return (frame[ip] & 0xF0) == 0x40;
    }

    private static boolean isTcp(byte[] frame, int ip) {
        return frame[ip + (isIpv4(frame, ip) ? 9 : 6)] == PacketParser.PROTOCOL_TCP;
    }

    /** What came before a segment with sequence number 1. */
    private static byte[] syn(byte[] segment) {
        return complete(segment, ETHERNET, SYN, 0);
    }

    /** The answer to a SYN as it left weir. */
    private static byte[] answer(byte[] syn) {
        final int ip = isTcp(syn, ETHERNET) ? ETHERNET : TUNNELLED_IP;
        final byte[] turned = complete(syn, ip, SYN_ACK, 1);
        System.arraycopy(Rig.OWN_MAC.toBytes(), 0, turned, 0, 6);
        System.arraycopy(Rig.RECEIVER_MAC.toBytes(), 0, turned, 6, 6);
        final boolean ipv4 = isIpv4(turned, ETHERNET);
        final int addressLength = ipv4 ? 4 : 16;
        final int addresses = ETHERNET + (ipv4 ? 12 : 8);
        exchange(turned, addresses, addressLength);
        exchange(turned, addresses + 2 * addressLength, 2);
        return turned;
    }

    /** Swaps two neighbouring fields: no checksum sees it. */
    private static void exchange(byte[] frame, int at, int length) {
        final byte[] first = Arrays.copyOfRange(frame, at, at + length);
        System.arraycopy(frame, at + length, frame, at, length);
        System.arraycopy(first, 0, frame, at + length, length);
    }

    /** Ethernet, IP and TCP header of a frame with other flags and numbers, and right lengths and checksums. */
    private static byte[] complete(byte[] frame, int ip, int flags, int acknowledgement) {
        final int ipLength = isIpv4(frame, ip) ? 20 : 40;
        final int tcp = ETHERNET + ipLength;
        final byte[] whole = new byte[Math.max(60, tcp + TCP_HEADER)];
        System.arraycopy(frame, ip - 2, whole, 12, 2 + ipLength + TCP_HEADER);
        System.arraycopy(frame, 0, whole, 0, 12);
        final ByteBuffer bytes = ByteBuffer.wrap(whole);
        final UnsafeBuffer view = new UnsafeBuffer(whole);
        final int addresses = ETHERNET + (ipLength == 20 ? 12 : 8);
        bytes.putShort(ETHERNET + (ipLength == 20 ? 2 : 4), (short) (ipLength == 20 ? 40 : TCP_HEADER));
        if (ipLength == 20) {
            bytes.putShort(ETHERNET + 10, (short) 0);
            bytes.putShort(ETHERNET + 10, (short) InternetChecksum.ofSum(InternetChecksum.sum(view, ETHERNET, 20)));
        }
        bytes.putInt(tcp + 4, 0).putInt(tcp + 8, acknowledgement);
        bytes.put(tcp + 12, (byte) 0x50).put(tcp + FLAGS, (byte) flags).putShort(tcp + 16, (short) 0);
        final long sum = InternetChecksum.sum(view, addresses, tcp + TCP_HEADER - addresses);
        bytes.putShort(tcp + 16, (short) InternetChecksum.ofSum(sum + PacketParser.PROTOCOL_TCP + TCP_HEADER));
        return whole;
    }

    @Override
    public String name() {
        return "handshakes";
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        final int before = burst.size();
        while (!burst.isFull() && !waiting.isEmpty()) {
            final int handle = pool.acquire();
            if (handle == PacketPool.NULL_HANDLE) {
                break;
            }
            final byte[] frame = waiting.remove();
            OffHeap.copy(frame, 0, pool.frameAddress(handle), frame.length);
            burst.add(handle, pool.frameAddress(handle), frame.length, 0);
        }
        return burst.size() - before;
    }

    @Override
    public int transmit(Burst burst) {
        for (int i = 0; i < burst.size(); i++) {
            final byte[] frame = new byte[burst.length(i)];
            OffHeap.copy(burst.address(i), frame, 0, frame.length);
            final int ip = isTcp(frame, ETHERNET) ? ETHERNET : TUNNELLED_IP;
            final int tcp = ip + (isIpv4(frame, ip) ? 20 : 40);
            if (frame[tcp + FLAGS] == SYN) {
                waiting.add(answer(frame));
            }
        }
        return burst.size();
    }

    @Override
    public void close() {
        // nothing is held
    }
}
