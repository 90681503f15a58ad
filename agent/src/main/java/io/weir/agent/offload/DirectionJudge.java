package io.weir.agent.offload;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.offload.OffloadTunnel;
import io.weir.dataplane.offload.OffloadedFlow;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the pipeline about the next segment of a connection, dry: what the current snapshot says, and what that depends on. One
 * thread.
 */
final class DirectionJudge implements AutoCloseable {
    private static final int ETHERNET = 14;
    private static final int TCP = 20;
    private static final int TTL = 64;

    /** Who sends at an uplink does not matter. */
    private static final MacAddress ANY_STATION = new MacAddress(0x0200_0000_0001L);

    /** Data offset of five words, ACK. */
    private static final short ACK = 0x5010;

    private final Packet packet = new Packet();
    private final Decision decision = new Decision();
    private final TunnelWay tunnels = new TunnelWay();
    private final long frame = OffHeap.allocate(ETHERNET + 40 + TCP);

    DirectionJudge() {
        decision.dryRun(true);
    }

    /**
     * Null when only weir can carry it.
     *
     * @param port    where it comes in; the key's, or when that comes by a tunnel, the tunnel's
     * @param through that tunnel's header, null for none, or when it is not known yet
     * @param numbers as {@link io.weir.conntrack.Handover#validNumbers}
     */
    @Nullable
    JudgedDirection judge(
            Snapshot snapshot, OffloadKey key, int port, @Nullable OffloadTunnel through, long numbers, long nowNs) {
        final Ingress from = ingress(snapshot, port);
        final MacAddress peer = from == null ? null : from.peerMac();
        if (from == null || (peer == null && from.role() != Ingress.Role.UPLINK)) {
            return null;
        }
        final byte[] bytes = segment(key, numbers, peer == null ? ANY_STATION : peer, from.mac());
        if (!isForwarded(snapshot, bytes, port, key.ingressPort(), nowNs)) {
            return null;
        }
        final long adjacency = snapshot.adjacencies().entry(decision.adjacency());
        final Ingress to = ingress(snapshot, decision.outputPort());
        if (to == null || !isWay(from, to, AdjacencyTable.kindOf(adjacency))) {
            return null;
        }
        final OffloadTunnel tunnel = TunnelWay.into(adjacency, key);
        final int answersScope =
                tunnel == null ? to.port() : tunnels.scope(snapshot.tunnels(), tunnel.opposite(), bytes);
        if (answersScope < 0) {
            return null;
        }
        final byte[] header = new byte[ETHERNET];
        OffHeap.copy(AdjacencyTable.headerOf(adjacency), header, 0, ETHERNET);
        final int[] slots = new int[decision.dependencyCount()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = decision.dependency(i);
        }
        final MacAddress gateway = mac(header, MacAddress.LENGTH);
        if (from.role() == to.role() && !gateway.equals(from.mac())) {
            return null;
        }
        return new JudgedDirection(
                new OffloadedFlow(
                        key,
                        new OffloadKey(
                                answersScope,
                                new IpAddress(decision.destinationHigh(), decision.destinationLow()),
                                new IpAddress(decision.sourceHigh(), decision.sourceLow()),
                                /* sourcePort= */ decision.destinationPort(),
                                /* destinationPort= */ decision.sourcePort()),
                        decision.outputPort(),
                        gateway,
                        mac(header, 0),
                        AdjacencyTable.mtuOf(adjacency),
                        tunnel == null ? through : tunnel),
                decision.connection(),
                decision.connectionGeneration(),
                decision.isReply(),
                slots);
    }

    private static @Nullable Ingress ingress(Snapshot snapshot, int port) {
        return port >= 0 && port < snapshot.ingresses().size()
                ? snapshot.ingresses().get(port)
                : null;
    }

    /** Between pods, or between a pod and an uplink, where there may be a tunnel. */
    private static boolean isWay(Ingress from, Ingress to, int kind) {
        return from.role() == Ingress.Role.UPLINK
                ? to.role() == Ingress.Role.POD && kind == AdjacencyTable.ETHERNET
                : kind == AdjacencyTable.ETHERNET
                        || (kind == AdjacencyTable.TUNNEL_IPV4 && to.role() == Ingress.Role.UPLINK);
    }

    private boolean isForwarded(Snapshot snapshot, byte[] bytes, int port, int scope, long nowNs) {
        OffHeap.copy(bytes, 0, frame, bytes.length);
        PacketParser.locate(packet, frame, bytes.length, Packet.NONE, port, scope, 0, true, nowNs);
        if (PacketParser.parse(packet) != null) {
            return false;
        }
        decision.reset(packet);
        final Verdict verdict = snapshot.pipeline().decide(packet, decision);
        return (verdict == Verdict.FORWARD || verdict == Verdict.CONTINUE)
                && decision.isCacheable()
                && !decision.isDirect()
                && decision.connection() != Decision.NONE;
    }

    /** A segment without payload; its own checksum is left open, as by a pod. */
    private static byte[] segment(OffloadKey key, long numbers, MacAddress source, MacAddress destination) {
        final boolean ipv4 = key.source().isIpv4();
        final ByteBuffer bytes = ByteBuffer.allocate(ETHERNET + (ipv4 ? 20 : 40) + TCP);
        bytes.put(destination.toBytes()).put(source.toBytes());
        if (ipv4) {
            bytes.putShort((short) PacketParser.ETHERTYPE_IPV4);
            bytes.putShort((short) 0x4500).putShort((short) (20 + TCP)).putShort((short) 0);
            bytes.putShort((short) 0x4000).put((byte) TTL).put((byte) PacketParser.PROTOCOL_TCP);
            bytes.putShort((short) 0);
        } else {
            bytes.putShort((short) PacketParser.ETHERTYPE_IPV6);
            bytes.putInt(0x6000_0000).putShort((short) TCP);
            bytes.put((byte) PacketParser.PROTOCOL_TCP).put((byte) TTL);
        }
        bytes.put(key.source().toBytes()).put(key.destination().toBytes());
        if (ipv4) {
            final long sum = InternetChecksum.sum(new UnsafeBuffer(bytes), ETHERNET, 20);
            bytes.putShort(ETHERNET + 10, (short) InternetChecksum.ofSum(sum));
        }
        bytes.putShort((short) key.sourcePort()).putShort((short) key.destinationPort());
        bytes.putLong(numbers).putShort(ACK).putShort((short) 0xFFFF).putInt(0);
        return bytes.array();
    }

    private static MacAddress mac(byte[] header, int offset) {
        return MacAddress.ofBytes(Arrays.copyOfRange(header, offset, offset + MacAddress.LENGTH));
    }

    @Override
    public void close() {
        OffHeap.free(frame);
        tunnels.close();
    }
}
