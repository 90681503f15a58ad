package io.weir.dataplane.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Checking, walking and rewriting headers allocates nothing. */
class WireAllocationTest {
    private static final int ROUNDS = 200_000;

    private final List<UnsafeBuffer> packets = new ArrayList<>();
    private final Ipv4Flyweight ipv4 = new Ipv4Flyweight();
    private final Ipv6Flyweight ipv6 = new Ipv6Flyweight();
    private final Ipv6Extensions extensions = new Ipv6Extensions();
    private final TcpFlyweight tcp = new TcpFlyweight();
    private final UdpFlyweight udp = new UdpFlyweight();
    private final SctpFlyweight sctp = new SctpFlyweight();
    private final SctpChunks chunks = new SctpChunks();
    private long sink;

    @Test
    void nothingPerPacket() {
        SamplePackets.all().forEach((name, frame) -> {
            if (name.endsWith("-udp") || name.contains("-tcp") || name.endsWith("-sctp")) {
                final int tag = name.contains("-tcp") ? VlanFlyweight.HEADER_LENGTH : 0; // the SYN samples carry one
                packets.add(new UnsafeBuffer(frame, tag, frame.length - tag));
            }
        });
        assertThat(packets).hasSize(6);
        rounds(ROUNDS);
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long thread = Thread.currentThread().threadId();
        threads.getThreadAllocatedBytes(thread);
        final long before = threads.getThreadAllocatedBytes(thread);
        rounds(ROUNDS);
        final long allocated = threads.getThreadAllocatedBytes(thread) - before;
        assertThat(sink).isNotZero();
        // Reading the counter may itself cost an object or two; a leak of one byte a packet would show as 1.2 million.
        assertThat(allocated).isLessThan(1024);
    }

    private void rounds(int count) {
        for (int round = 0; round < count; round++) {
            for (int i = 0; i < packets.size(); i++) {
                rewrite(packets.get(i), round);
            }
        }
    }

    private void rewrite(UnsafeBuffer packet, int round) {
        final int available = packet.capacity() - 14;
        final long delta;
        final int protocol;
        final int transport;
        if (Ipv4Flyweight.check(packet, 14, available) == null) {
            ipv4.wrap(packet, 14);
            delta = InternetChecksum.delta32(ipv4.source(), round);
            ipv4.sourceWithChecksumUpdate(round).ttlWithChecksumUpdate(round);
            protocol = ipv4.protocol();
            transport = ipv4.payloadOffset();
        } else if (Ipv6Flyweight.check(packet, 14, available) == null
                && extensions.walk(packet, 14, packet.capacity()) == null) {
            ipv6.wrap(packet, 14);
            delta = InternetChecksum.delta64(ipv6.sourceLow(), round);
            ipv6.source(ipv6.sourceHigh(), round);
            protocol = extensions.protocol();
            transport = extensions.offset();
        } else {
            throw new AssertionError("a sample is malformed");
        }
        final int length = packet.capacity() - transport;
        switch (protocol) {
            case IpProtocol.TCP -> {
                tcp.wrap(packet, transport).updateChecksum(delta).sourcePortWithChecksumUpdate(round);
                sink += tcp.windowScale() + tcp.checksum();
            }
            case IpProtocol.UDP -> {
                udp.wrap(packet, transport).updateChecksum(delta).sourcePortWithChecksumUpdate(round);
                sink += udp.checksum();
            }
            default -> {
                sctp.wrap(packet, transport).sourcePortWithChecksumUpdate(round & 0xFFFF, length);
                chunks.wrap(packet, sctp.chunksOffset(), packet.capacity());
                while (chunks.next()) {
                    sink += chunks.type() + sctp.checksum();
                }
            }
        }
    }
}
