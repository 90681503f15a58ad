package io.weir.agent.service;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.dstPort;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.srcPort;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.service.PacketNode.Sent;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packets of a Service that are not plain: errors about translated packets, and fragments. */
class ServicePacketsTest {
    @TempDir
    private Path directory;

    private PacketNode node() {
        PacketNode.write(directory, "all.yaml", ServiceManifests.cluster("UDP", 53, 5353));
        PacketNode.write(directory, "slices.yaml", ServiceManifests.slices("UDP", 5353, 21, 22, 23));
        return new PacketNode(directory, "node-1");
    }

    private static String address(byte[] frame, int ipv4Offset, boolean ipv6) {
        final int at = ipv6 ? 14 + 24 : 14 + ipv4Offset;
        return IpAddress.ofBytes(Arrays.copyOfRange(frame, at, at + (ipv6 ? 16 : 4)))
                .toString();
    }

    /** The error quotes what the backend got; the client knows only what it sent (RFC 5508 section 4.2). */
    @ParameterizedTest
    @CsvSource({"10.244.1.10, 10.96.0.9, 3, 4", "fd00:244:0:1::a, fd00:96::9, 2, 0"})
    void anErrorAboutATranslatedPacketSpeaksOfTheService(String client, String vip, int type, int code) {
        final boolean ipv6 = client.indexOf(':') >= 0;
        try (PacketNode node = node()) {
            final byte[] there = node.in(
                            client,
                            node.from(client, vip)
                                    .udp(4000, 53)
                                    .payload(new byte[64])
                                    .build())
                    .getFirst()
                    .frame();
            final String backend = address(there, 16, ipv6);
            final byte[] quoted = Arrays.copyOfRange(there, 14, there.length);
            final PacketBuilder error =
                    node.from(backend, client).icmpError(type, code, quoted).icmpMtu(1300);
            final List<Sent> back = node.in(backend, error.build());
            assertThat(back)
                    .singleElement()
                    .satisfies(each -> assertPacket(each.frame()).ethernet().ip(src(vip), dst(client)));
            final byte[] frame = back.getFirst().frame();
            final int quote = 14 + (ipv6 ? 40 : 20) + 8;
            final byte[] inner = Arrays.copyOfRange(frame, quote, frame.length);
            final int destination = ipv6 ? 24 : 16;
            assertThat(IpAddress.ofBytes(Arrays.copyOfRange(inner, destination, destination + (ipv6 ? 16 : 4)))
                            .toString())
                    .isEqualTo(vip);
            final int ports = ipv6 ? 40 : 20;
            assertThat((inner[ports + 2] & 0xFF) << 8 | (inner[ports + 3] & 0xFF))
                    .isEqualTo(53);
        }
    }

    /** All parts of a datagram go to one backend, whichever comes first. */
    @ParameterizedTest
    @CsvSource({"10.244.1.10, 10.96.0.9", "fd00:244:0:1::a, fd00:96::9"})
    void fragmentsOfADatagramStayTogether(String client, String vip) {
        final boolean ipv6 = client.indexOf(':') >= 0;
        try (PacketNode node = node()) {
            for (int port = 5000; port < 5010; port++) {
                final List<byte[]> parts = node.from(client, vip)
                        .udp(port, 53)
                        .payload(new byte[3000])
                        .fragments(1400);
                final List<byte[]> arrived = new ArrayList<>();
                // the last one comes first: it has no ports, and waits for the one that has
                node.in(client, parts.getLast()).forEach(each -> arrived.add(each.frame()));
                assertThat(arrived).isEmpty();
                for (final byte[] part : parts.subList(0, parts.size() - 1)) {
                    node.in(client, part).forEach(each -> arrived.add(each.frame()));
                }
                assertThat(arrived).hasSameSizeAs(parts);
                assertThat(arrived.stream().map(each -> address(each, 16, ipv6)).distinct())
                        .singleElement()
                        .asString()
                        .containsAnyOf(".21", ".22", ".23", "::21", "::22", "::23");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"10.244.1.10, 10.96.0.9", "fd00:244:0:1::a, fd00:96::9"})
    void anAnswerComesFromTheService(String client, String vip) {
        final boolean ipv6 = client.indexOf(':') >= 0;
        try (PacketNode node = node()) {
            final byte[] there = node.in(
                            client, node.from(client, vip).udp(4000, 53).build())
                    .getFirst()
                    .frame();
            final String backend = address(there, 16, ipv6);
            assertThat(node.in(
                            backend, node.from(backend, client).udp(5353, 4000).build()))
                    .singleElement()
                    .satisfies(each -> assertPacket(each.frame())
                            .ethernet()
                            .ip(src(vip), dst(client))
                            .udp(srcPort(53), dstPort(4000))
                            .checksumsValid());
        }
    }
}
