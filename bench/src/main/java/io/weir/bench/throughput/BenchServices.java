package io.weir.bench.throughput;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.AddressKind;
import io.weir.lb.BackendSpec;
import io.weir.lb.ServiceKey;
import io.weir.lb.ServiceRules;
import io.weir.lb.ServiceSpec;
import io.weir.lb.ServicesSpec;
import io.weir.lb.VirtualAddress;
import java.util.ArrayList;
import java.util.List;

/** One virtual IP of each family and protocol, ten backends behind it. */
final class BenchServices {
    private static final IpAddress VIRTUAL_IPV4 = IpAddress.parse("10.96.0.10");
    private static final IpAddress VIRTUAL_IPV6 = IpAddress.parse("fd00:c::10");
    private static final int BACKENDS = 10;

    private BenchServices() {}

    /** Packets to the virtual IP. */
    static Traffic.Ends ends(boolean ipv6) {
        final IpAddress source = IpAddress.parse(ipv6 ? "fd00:a::1" : "10.0.0.1");
        return BenchNetwork.ends(source, ipv6 ? VIRTUAL_IPV6 : VIRTUAL_IPV4, 1, BenchNetwork.DESTINATION_PORT);
    }

    static ServicesSpec one() {
        return new ServicesSpec(
                ServiceRules.NONE,
                List.of(
                        service(VIRTUAL_IPV4, "10.128.0.1", PacketParser.PROTOCOL_UDP, "udp"),
                        service(VIRTUAL_IPV4, "10.128.0.1", PacketParser.PROTOCOL_TCP, "tcp"),
                        service(VIRTUAL_IPV6, "fd00:b::1", PacketParser.PROTOCOL_UDP, "udp"),
                        service(VIRTUAL_IPV6, "fd00:b::1", PacketParser.PROTOCOL_TCP, "tcp")));
    }

    private static ServiceSpec service(IpAddress virtual, String firstBackend, int protocol, String port) {
        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < BACKENDS; i++) {
            backends.add(BackendSpec.ready(IpAddress.parse(firstBackend).plus(i), 8080, false));
        }
        return ServiceSpec.of(
                new ServiceKey("bench", "one", port, virtual.isIpv6()),
                protocol,
                List.of(new VirtualAddress(virtual, BenchNetwork.DESTINATION_PORT, AddressKind.CLUSTER_IP)),
                backends);
    }
}
