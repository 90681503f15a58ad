package io.weir.agent.service;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.src;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.service.PacketNode.Sent;
import io.weir.conntrack.ConntrackDrop;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Direct server return while nodes, backends and settings change: no flow is lost that need not be. */
class DirectReturnChangesTest extends DirectReturnNodes {
    /** The load balancer in front sends the connection to another node: that node chooses the same backend. */
    @Test
    void aConnectionOutlivesTheNodeThatItCameInBy() {
        start(true, true, "", "", 2, 3);
        final String vip = "203.0.113.9";
        for (int port = 4000; port < 4020; port++) {
            final int from = port;
            final List<Sent> first = send(
                    a, CLIENT, vip, packet -> packet.tcp(from, 80).flags("S").seq(100));
            final boolean isB = outer(first.getFirst())[33] == 2; // the outer destination's last byte
            final PacketNode home = isB ? b : c;
            final PacketNode other = isB ? c : b;
            final String pod = pod(isB ? 2 : 3, false);
            assertPacket(outer(through(first, home).getFirst())).ethernet().ip(src(CLIENT), dst(pod));
            send(
                    home,
                    pod,
                    CLIENT,
                    packet -> packet.tcp(8080, from).flags("SA").seq(500).ack(101));
            // the third packet of the handshake, and all later ones, come in by another node: in the middle of it
            final List<Sent> second = send(
                    other,
                    CLIENT,
                    vip,
                    packet -> packet.tcp(from, 80).flags("A").seq(101).ack(501));
            assertPacket(outer(through(second, home).getFirst())).ethernet().ip(src(CLIENT), dst(pod));
            // and the pod's node may be where they come in
            final List<Sent> third = send(
                    home,
                    CLIENT,
                    vip,
                    packet -> packet.tcp(from, 80).flags("A").seq(101).ack(501));
            assertPacket(outer(third.getFirst())).ethernet().ip(src(CLIENT), dst(pod));
        }
    }

    @Test
    void aFlowLeavesABackendThatIsGone() {
        start(true, true, "", "", 2);
        through(send(a, CLIENT, "203.0.113.9", packet -> packet.udp(4000, 80)), b);
        endpoints(3);
        a.apply();
        b.apply();
        c.apply();
        final List<Sent> moved = send(a, CLIENT, "203.0.113.9", packet -> packet.udp(4000, 80));
        assertPacket(outer(through(moved, c).getFirst())).ethernet().ip(src(CLIENT), dst(pod(3, false)));
    }

    /** New backends take their share of new connections and no packet of old ones. */
    @Test
    void aFlowStaysWithItsBackendWhenOthersCome() {
        start(true, true, "", "", 2);
        for (int port = 4000; port < 4032; port++) {
            final int from = port;
            send(a, CLIENT, "203.0.113.9", packet -> packet.udp(from, 80));
        }
        endpoints(2, 3);
        a.apply();
        for (int port = 4000; port < 4032; port++) {
            final int from = port;
            final List<Sent> sent = send(a, CLIENT, "203.0.113.9", packet -> packet.udp(from, 80));
            assertThat(outer(sent.getFirst())[33]).isEqualTo((byte) 2);
        }
    }

    /** A node that takes part no more would not know what to do with the packets: no flow is lost to it. */
    @Test
    void aFlowIsDecidedAnewWhenItsNodeTakesPartNoMore() {
        start();
        for (int i = 0; i < 3; i++) {
            inner(send(a, CLIENT, "192.168.0.1", packet -> packet.udp(4000, 30081)), false)
                    .ip(dst("192.168.0.1"));
        }
        nodes(false);
        a.apply();
        inner(send(a, CLIENT, "192.168.0.1", packet -> packet.udp(4000, 30081)), false)
                .ip(src("10.244.1.0"), dst(pod(2, false)));
        nodes(true);
        a.apply();
        inner(send(a, CLIENT, "192.168.0.1", packet -> packet.udp(4000, 30081)), false)
                .ip(src("10.244.1.0"), dst(pod(2, false))); // the flow stays as it is
        inner(send(a, CLIENT, "192.168.0.1", packet -> packet.udp(4001, 30081)), false)
                .ip(src(CLIENT), dst("192.168.0.1"));
    }

    @Test
    void aRepeatedSynStaysAndOneAfterTheEndBeginsAnew() {
        start(true, true, "", "", 2);
        final String vip = "203.0.113.9";
        send(a, CLIENT, vip, packet -> packet.tcp(4000, 80).flags("S").seq(1));
        endpoints(2, 3);
        a.apply();
        final List<Sent> again =
                send(a, CLIENT, vip, packet -> packet.tcp(4000, 80).flags("S").seq(1));
        assertThat(outer(again.getFirst())[33]).isEqualTo((byte) 2);
        send(a, CLIENT, vip, packet -> packet.tcp(4000, 80).flags("R").seq(2));
        assertThat(a.connection(CLIENT).state()).isEqualTo("ONE_WAY_ENDED");
        send(a, CLIENT, vip, packet -> packet.tcp(4000, 80).flags("S").seq(9));
        assertThat(a.connection(CLIENT).state()).isEqualTo("ONE_WAY_FIRST");
        assertThat(a.drops(ConntrackDrop.TCP_NOT_A_SYN)).isZero();
    }
}
