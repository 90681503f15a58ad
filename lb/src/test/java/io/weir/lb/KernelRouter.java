package io.weir.lb;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapQueue;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A Linux router in a namespace of its own between two TAPs: clients write to the one, backends would read from the
 * other. Each packet carries a number that survives translation (TCP: the sequence number, UDP: the payload), so what
 * comes out is known by it, also when an ICMP error quotes it.
 */
final class KernelRouter implements AutoCloseable {
    private static final int HEADER = TapDevice.VNET_HEADER_LENGTH;
    private static final int ROOM = HEADER + TapQueue.MAX_FRAME_LENGTH;
    private static final int ETHERNET = 14;
    private static final int IPV6_HEADER = 40;
    private static final int ICMPV6_UNREACHABLE = 1;
    private static final String ROUTER_MAC = "02:00:00:00:00:fe";

    private final TopologyNamespaces net = TopologyNamespaces.create();
    private final long memory = OffHeap.allocate(ROOM);
    private final Map<Integer, String> outcomes = new HashMap<>();
    private final TapDevice clients;
    private final TapDevice backends;
    private final OracleFamily family;
    private int number;

    KernelRouter(ServicesSpec spec, OracleFamily family) throws IOException {
        this.family = family;
        net.namespace("router");
        try (NetworkNamespace router = NetworkNamespace.named(net.name("router"))) {
            clients = TapDevice.open(TapSpec.of("clients", 1).offloads(false), router);
            backends = TapDevice.open(TapSpec.of("backends", 1).offloads(false), router);
        }
        net.run(
                "router",
                "sysctl",
                "-qw",
                "net.ipv4.ip_forward=1",
                "net.ipv6.conf.all.forwarding=1",
                "net.ipv6.icmp.ratelimit=0",
                "net.ipv4.icmp_ratelimit=0",
                "net.ipv4.conf.all.rp_filter=0",
                "net.ipv4.conf.default.rp_filter=0",
                "net.ipv4.conf.clients.rp_filter=0",
                "net.ipv4.conf.backends.rp_filter=0",
                "net.ipv4.conf.all.send_redirects=0",
                "net.ipv4.conf.clients.send_redirects=0");
        net.run("router", "ip", "link", "set", "clients", "address", ROUTER_MAC, "up");
        net.run("router", "ip", "link", "set", "backends", "up");
        final String onLink = family == OracleFamily.IPV4 ? "/24" : "/64";
        net.run("router", "ip", "address", "add", family.at("192.168.0.2") + onLink, "dev", "clients");
        net.run("router", "ip", "address", "add", family.routerAddress() + onLink, "dev", "backends");
        for (final String[] neighbour : new String[][] {{"192.168.0.1", "clients"}, {"10.99.0.1", "backends"}}) {
            net.run(
                    "router",
                    "ip",
                    "neigh",
                    "add",
                    family.at(neighbour[0]),
                    "lladdr",
                    "02:00:00:00:00:01",
                    "dev",
                    neighbour[1]);
        }
        final String ip = family == OracleFamily.IPV4 ? "-4" : "-6";
        final String pods = family.prefixes("10.180.0.0/16").getFirst().toString();
        net.run("router", "ip", ip, "route", "add", "default", "via", family.at("192.168.0.1"));
        net.run("router", "ip", ip, "route", "add", pods, "via", family.at("10.99.0.1"));
        final Path rules = Files.createTempFile("weir-services", ".nft");
        Files.writeString(rules, KernelServices.ruleset(spec, family));
        net.run("router", "nft", "-f", rules.toString());
        Files.delete(rules);
    }

    /** Sends the first packet of a connection; returns its number, to be given to {@link #outcome}. */
    int send(int protocol, String source, int sourcePort, String destination, int destinationPort) {
        number++;
        final PacketBuilder builder =
                PacketBuilder.packet().ethernet("02:00:00:00:00:01", ROUTER_MAC).ip(source, destination);
        final byte[] frame = protocol == PacketParser.PROTOCOL_TCP
                ? builder.tcp(sourcePort, destinationPort)
                        .flags("S")
                        .seq(number)
                        .build()
                : builder.udp(sourcePort, destinationPort)
                        .payload(ByteBuffer.allocate(4).putInt(number).array())
                        .build();
        OffHeap.zero(memory, HEADER);
        OffHeap.copy(frame, 0, memory + HEADER, frame.length);
        if (clients.queue(0).write(memory, HEADER + frame.length) != HEADER + frame.length) {
            throw new AssertionError("the kernel did not take a frame");
        }
        drain();
        return number;
    }

    /** Reads what the router sent out of either side. */
    void drain() {
        for (final TapDevice tap : List.of(clients, backends)) {
            int length;
            while ((length = tap.queue(0).read(memory, ROOM)) > 0) {
                final byte[] frame = new byte[length - HEADER];
                OffHeap.copy(memory + HEADER, frame, 0, frame.length);
                understand(ByteBuffer.wrap(frame));
            }
        }
    }

    private void understand(ByteBuffer frame) {
        final int type = frame.getShort(12) & 0xFFFF;
        if (type == PacketParser.ETHERTYPE_IPV4 && family == OracleFamily.IPV4) {
            understandIpv4(frame);
        } else if (type == PacketParser.ETHERTYPE_IPV6 && family == OracleFamily.IPV6) {
            understandIpv6(frame);
        }
    }

    private void understandIpv4(ByteBuffer frame) {
        final int transport = ETHERNET + (frame.get(ETHERNET) & 0xF) * 4;
        final int protocol = frame.get(ETHERNET + 9) & 0xFF;
        if (protocol == PacketParser.PROTOCOL_ICMP) {
            final int quoted = transport + 8;
            final int quotedTransport = quoted + (frame.get(quoted) & 0xF) * 4;
            outcomes.put(numberAt(frame, frame.get(quoted + 9) & 0xFF, quotedTransport), "reject");
            return;
        }
        final IpAddress source = IpAddress.ipv4(frame.getInt(ETHERNET + 12));
        arrived(frame, protocol, transport, source, IpAddress.ipv4(frame.getInt(ETHERNET + 16)));
    }

    private void understandIpv6(ByteBuffer frame) {
        final int transport = ETHERNET + IPV6_HEADER;
        final int protocol = frame.get(ETHERNET + 6) & 0xFF;
        if (protocol == PacketParser.PROTOCOL_ICMPV6) {
            if (frame.get(transport) == ICMPV6_UNREACHABLE) { // the kernel also looks for neighbours and routers
                final int quoted = transport + 8;
                outcomes.put(numberAt(frame, frame.get(quoted + 6) & 0xFF, quoted + IPV6_HEADER), "reject");
            }
            return;
        }
        arrived(frame, protocol, transport, ipv6(frame, ETHERNET + 8), ipv6(frame, ETHERNET + 24));
    }

    private static IpAddress ipv6(ByteBuffer frame, int offset) {
        final byte[] bytes = new byte[16];
        frame.get(offset, bytes);
        return IpAddress.ofBytes(bytes);
    }

    private void arrived(ByteBuffer frame, int protocol, int transport, IpAddress source, IpAddress destination) {
        final boolean hidden = source.equals(family.routerAddress());
        outcomes.put(
                numberAt(frame, protocol, transport),
                destination + ":" + (frame.getShort(transport + 2) & 0xFFFF) + (hidden ? " masqueraded" : ""));
    }

    private static int numberAt(ByteBuffer frame, int protocol, int transport) {
        return protocol == PacketParser.PROTOCOL_TCP ? frame.getInt(transport + 4) : frame.getInt(transport + 8);
    }

    /** {@code 10.180.1.1:8080}, with {@code masqueraded} behind it; {@code reject}; {@code drop} when nothing came out. */
    String outcome(int sent) {
        return outcomes.getOrDefault(sent, "drop");
    }

    @Override
    public void close() {
        clients.close();
        backends.close();
        net.close();
        OffHeap.free(memory);
    }
}
