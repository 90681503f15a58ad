package io.weir.agent.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.PacketBuilder;

/** A TCP connection between two pods of an {@link OffloadNode}, in segments. */
final class Talk {
    static final int SERVER_PORT = 80;

    private final OffloadNode node;
    private final Ingress from;
    private final Ingress to;
    private final OffloadKey original;
    private final OffloadKey reply;
    long clientSeq = 1001;
    long serverSeq = 5001;

    private Talk(OffloadNode node, Ingress from, Ingress to, OffloadKey original, OffloadKey reply) {
        this.node = node;
        this.from = from;
        this.to = to;
        this.original = original;
        this.reply = reply;
    }

    /** An established connection. */
    static Talk begin(OffloadNode node, String client, String server, boolean ipv6, int clientPort) {
        final Talk talk = to(node, client, address(server, ipv6), clientPort);
        assertThat(talk.to).isSameAs(node.port(server));
        return talk;
    }

    /** An established connection to whoever is behind this address. */
    static Talk to(OffloadNode node, String client, String address, int clientPort) {
        final Ingress from = node.port(client);
        final IpAddress destination = IpAddress.parse(address);
        final IpAddress source = IpAddress.parse(address(client, !destination.isIpv4()));
        final OffloadKey original = new OffloadKey(from.port(), source, destination, clientPort, SERVER_PORT);
        final String receiver = send(node, from, original, "S", 1000, 0, 0);
        final Ingress to = node.port(receiver.substring("default/".length()));
        final ConnectionRecord known = node.connections().stream()
                .filter(each -> each.originalSource().equals(source)
                        && each.originalSourcePort() == clientPort
                        && each.originalDestination().equals(destination))
                .findFirst()
                .orElseThrow();
        final OffloadKey reply = new OffloadKey(
                to.port(),
                known.replySource(),
                known.replyDestination(),
                known.replySourcePort(),
                known.replyDestinationPort());
        final Talk talk = new Talk(node, from, to, original, reply);
        assertThat(talk.back("SA", 5000, 1001, 0)).isEqualTo(from.name());
        assertThat(talk.there("A", 1001, 5001, 0)).isEqualTo(to.name());
        return talk;
    }

    private static String address(String pod, boolean ipv6) {
        return (ipv6 ? "fd00:244:0:1::" : "10.244.1.") + number(pod);
    }

    private static int number(String pod) {
        return switch (pod) {
            case "client" -> 10;
            case "server" -> 11;
            default -> 12;
        };
    }

    String there(String flags, long seq, long ack, int length) {
        return send(node, from, original, flags, seq, ack, length);
    }

    String back(String flags, long seq, long ack, int length) {
        return send(node, to, reply, flags, seq, ack, length);
    }

    private static String send(
            OffloadNode node, Ingress from, OffloadKey key, String flags, long seq, long ack, int length) {
        return node.send(
                from,
                PacketBuilder.packet()
                        .ethernet(OffloadNode.station(from), from.mac())
                        .ip(key.source().toString(), key.destination().toString())
                        .tcp(key.sourcePort(), key.destinationPort())
                        .flags(flags)
                        .seq(seq & 0xFFFF_FFFFL)
                        .ack(ack & 0xFFFF_FFFFL)
                        .window(60_000)
                        .payloadOf(length));
    }

    /** Who answers. */
    String server() {
        return to.name();
    }

    /** Segments of 1000 bytes, each acknowledged; all arrive. */
    Talk data(int segments) {
        for (int i = 0; i < segments; i++) {
            assertThat(there("A", clientSeq, serverSeq, 1000)).isEqualTo(to.name());
            clientSeq += 1000;
            assertThat(back("A", serverSeq, clientSeq, 0)).isEqualTo(from.name());
        }
        return this;
    }

    /** So much that the worker tells of it with the next tick, and what the control thread does then. */
    Talk much() {
        data(10);
        node.nowNs += 1_100_000_000L;
        data(1);
        node.turns(1, 1_000_000);
        return this;
    }

    OffloadKey original() {
        return original;
    }

    OffloadKey reply() {
        return reply;
    }

    /** The kernel carries so many bytes from the client and their acknowledgements. */
    void carried(long packets, long bytes) {
        clientSeq += bytes - 40 * packets;
        node.kernel.carry(original(), packets, bytes);
        node.kernel.carry(reply(), packets / 2, 40 * (packets / 2));
    }

    boolean isOffloaded() {
        final boolean there = node.kernel.flows.containsKey(original());
        assertThat(node.kernel.flows.containsKey(reply())).as("both or none").isEqualTo(there);
        return there;
    }
}
