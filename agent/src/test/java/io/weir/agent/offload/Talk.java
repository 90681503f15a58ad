package io.weir.agent.offload;

import static org.assertj.core.api.Assertions.assertThat;

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
    private final String source;
    private final String destination;
    private final int clientPort;
    long clientSeq = 1001;
    long serverSeq = 5001;

    private Talk(OffloadNode node, Ingress from, Ingress to, String source, String destination, int clientPort) {
        this.node = node;
        this.from = from;
        this.to = to;
        this.source = source;
        this.destination = destination;
        this.clientPort = clientPort;
    }

    /** An established connection. */
    static Talk begin(OffloadNode node, String client, String server, boolean ipv6, int clientPort) {
        final String network = ipv6 ? "fd00:244:0:1::" : "10.244.1.";
        final Talk talk = new Talk(
                node,
                node.port(client),
                node.port(server),
                network + number(client),
                network + number(server),
                clientPort);
        talk.there("S", 1000, 0, 0);
        talk.back("SA", 5000, 1001, 0);
        assertThat(talk.there("A", 1001, 5001, 0)).isEqualTo(talk.to.name());
        return talk;
    }

    /** The same to a Service whose backend is the server. */
    static Talk toService(OffloadNode node, String service) {
        final Talk talk = new Talk(node, node.port("client"), node.port("server"), "10.244.1.10", service, 40000);
        talk.there("S", 1000, 0, 0);
        talk.back("SA", 5000, 1001, 0);
        assertThat(talk.there("A", 1001, 5001, 0)).isEqualTo(talk.to.name());
        return talk;
    }

    private static int number(String pod) {
        return switch (pod) {
            case "client" -> 10;
            case "server" -> 11;
            default -> 12;
        };
    }

    String there(String flags, long seq, long ack, int length) {
        return node.send(
                from,
                PacketBuilder.packet()
                        .ethernet(OffloadNode.station(from), from.mac())
                        .ip(source, destination)
                        .tcp(clientPort, SERVER_PORT)
                        .flags(flags)
                        .seq(seq & 0xFFFF_FFFFL)
                        .ack(ack & 0xFFFF_FFFFL)
                        .window(60_000)
                        .payloadOf(length));
    }

    String back(String flags, long seq, long ack, int length) {
        return node.send(
                to,
                PacketBuilder.packet()
                        .ethernet(OffloadNode.station(to), to.mac())
                        .ip(destination.equals("10.96.0.9") ? "10.244.1.11" : destination, source)
                        .tcp(SERVER_PORT, clientPort)
                        .flags(flags)
                        .seq(seq & 0xFFFF_FFFFL)
                        .ack(ack & 0xFFFF_FFFFL)
                        .window(60_000)
                        .payloadOf(length));
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
        return new OffloadKey(
                from.port(), IpAddress.parse(source), IpAddress.parse(destination), clientPort, SERVER_PORT);
    }

    OffloadKey reply() {
        return new OffloadKey(
                to.port(), IpAddress.parse(destination), IpAddress.parse(source), SERVER_PORT, clientPort);
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
