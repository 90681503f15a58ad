package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.run.ServiceRig.Endpoint;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One client asks a UDP Service for ever from one port, and its backends are replaced: no entry leads to a dead one. */
@TopologyTest
class UdpBackendsTopologyTest {
    private static final int TRY_MS = 20;
    private static final String UNREACHABLE = "port unreachable";

    @Test
    void aResolverThatKeepsItsPortIsAnsweredByWhoIsThere() throws IOException {
        try (ServiceRig services = new ServiceRig().service("dns", 53, "UDP", 53, "")) {
            services.rig.pod("web-51", 51).pod("web-52", 52);
            services.endpoints("dns", "UDP", List.of(Endpoint.ready(51))).start();
            try (NameServer first = new NameServer(services.rig.namespace("web-51"), "first");
                    NameServer second = new NameServer(services.rig.namespace("web-52"), "second");
                    DatagramSocket ipv4 = client(services, "10.96.0.53");
                    DatagramSocket ipv6 = client(services, "fd00:96::53")) {
                expect(first.name(), ipv4, ipv6);

                first.stop();
                services.edit("another", () -> services.endpoints("dns", "UDP", List.of(Endpoint.ready(52))));
                expect(second.name(), ipv4, ipv6);

                services.edit("none is left", () -> services.endpoints("dns", "UDP", List.of()));
                expect(UNREACHABLE, ipv4, ipv6);

                services.edit("one is back", () -> services.endpoints("dns", "UDP", List.of(Endpoint.ready(52))));
                expect(second.name(), ipv4, ipv6);

                services.edit("the Service goes", () -> services.remove("service-dns.yaml"));
                ask(ipv4);
                ask(ipv6);
                services.edit("it comes, and the flows are older", () -> services.service("dns", 53, "UDP", 53, ""));
                expect(second.name(), ipv4, ipv6);
            }
        }
    }

    private static DatagramSocket client(ServiceRig services, String address) throws IOException {
        final DatagramSocket client = services.rig.namespace(ServiceRig.CLIENT).call(() -> new DatagramSocket());
        client.connect(IpAddress.parse(address).toInetAddress(), 53);
        client.setSoTimeout(TRY_MS);
        return client;
    }

    /** Asks until the answer is this one; a second is allowed, where a stale entry would last as long as somebody asks. */
    private static void expect(String wanted, DatagramSocket... clients) throws IOException {
        for (final DatagramSocket client : clients) {
            String answer = "";
            for (int tries = 0; tries < 1000 / TRY_MS && !answer.equals(wanted); tries++) {
                answer = ask(client);
            }
            assertThat(answer).isEqualTo(wanted);
        }
    }

    private static String ask(DatagramSocket client) throws IOException {
        final DatagramPacket answer = new DatagramPacket(new byte[512], 512);
        try {
            client.send(new DatagramPacket(new byte[] {'?'}, 1));
            client.receive(answer);
            return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
        } catch (final SocketTimeoutException e) {
            return "silence";
        } catch (final PortUnreachableException e) {
            return UNREACHABLE;
        }
    }
}
