package io.weir.dataplane.flow;

import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import java.nio.ByteOrder;

/** What a TCP flow makes of the tunnel header in front of it, for who writes one without the {@link Rewriter}. */
public final class TunnelSource {
    private TunnelSource() {}

    /** The flow's hash, as a worker computes it. */
    public static int hashOf(OffloadKey key) {
        final int ports = WireWord.wire(key.sourcePort()) | WireWord.wire(key.destinationPort()) << 16;
        final boolean ipv4 = key.source().isIpv4();
        final long word0 = FlowEntry.word0(
                ports,
                PacketParser.PROTOCOL_TCP,
                ipv4 ? FlowEntry.FAMILY_IPV4 : FlowEntry.FAMILY_IPV6,
                key.ingressPort());
        final IpAddress source = key.source();
        final IpAddress destination = key.destination();
        return ipv4
                ? FlowCache.hashIpv4(word0, wire(source.low() << 32 | (destination.low() & 0xFFFF_FFFFL)))
                : FlowCache.hashIpv6(
                        word0,
                        wire(source.high()),
                        wire(source.low()),
                        wire(destination.high()),
                        wire(destination.low()));
    }

    /** The outer UDP source port. */
    public static int portOf(int hash) {
        return WireWord.wire(FlowEncoder.tunnelPort(hash));
    }

    /** As loaded from a packet that has it as its bytes, highest first. */
    private static long wire(long value) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Long.reverseBytes(value) : value;
    }
}
