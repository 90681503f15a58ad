package io.weir.dataplane.wire;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The text for frames that Linux made (how: in the resource), and for broken ones. */
class PacketPrinterTest {
    private static Map<String, byte[]> linuxFrames() throws Exception {
        final Map<String, byte[]> frames = new LinkedHashMap<>();
        try (InputStream in = Objects.requireNonNull(PacketPrinterTest.class.getResourceAsStream("linux-frames.txt"))) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .forEach(line -> {
                        final int space = line.indexOf(' ');
                        frames.put(line.substring(0, space), HexFormat.of().parseHex(line.substring(space + 1)));
                    });
        }
        return frames;
    }

    private static String linux(String name) throws Exception {
        final String text =
                PacketPrinter.print(Objects.requireNonNull(linuxFrames().get(name)));
        return text.substring(text.indexOf(", ") + 2);
    }

    @Test
    void linuxFramesHaveValidChecksumsInBothOpinions() throws Exception {
        final Map<String, byte[]> frames = linuxFrames();
        assertThat(frames).hasSize(21);
        frames.forEach((name, frame) -> {
            assertPacket(frame).checksumsValid();
            assertThat(PacketPrinter.printVerbose(frame))
                    .as(name)
                    .doesNotContain("wrong")
                    .doesNotContain("truncated");
        });
    }

    @Test
    void linuxFramesInOneLine() throws Exception {
        assertThat(linux("echo-request-v4"))
                .isEqualTo("IPv4 10.77.0.1 > 10.77.0.2 ttl 64 id 30671 [DF], ICMP echo request id 609 seq 1 length 8");
        assertThat(linux("echo-reply-v6")).endsWith(", ICMPv6 echo reply id 610 seq 1 length 8");
        assertThat(linux("neighbour-solicitation"))
                .isEqualTo("IPv6 fd77::1 > ff02::1:ff00:2 hlim 255,"
                        + " ICMPv6 neighbour solicitation who-has fd77::2 source 02:00:00:00:00:0a");
        assertThat(linux("neighbour-advertisement"))
                .endsWith("ICMPv6 neighbour advertisement fd77::2 solicited override is-at 02:00:00:00:00:0b");
        assertThat(linux("vxlan-arp-request"))
                .contains("UDP 38432 > 8472 length 50, VXLAN vni 42, 0a:00:00:00:00:0a > ff:ff:ff:ff:ff:ff,"
                        + " ARP who-has 10.78.0.2 tell 10.78.0.1 (0a:00:00:00:00:0a)");
        assertThat(linux("vxlan-arp-reply"))
                .endsWith("ARP 10.78.0.2 is-at 0a:00:00:00:00:0b to 10.78.0.1 (0a:00:00:00:00:0a)");
        assertThat(linux("vxlan-echo-request"))
                .endsWith("IPv4 10.78.0.1 > 10.78.0.2 ttl 64 id 61277 [DF], ICMP echo request id 611 seq 1 length 8");
        assertThat(linux("last-fragment-v4")).endsWith(" frag 1480, ICMP length 28");
        assertThat(linux("last-fragment-v6")).contains(" frag 1448 id 0x").endsWith(", ICMPv6 length 60");
        assertThat(linux("port-unreachable-v4"))
                .contains("ICMP port unreachable length 33 about: IPv4 10.77.0.1 > 10.77.0.2")
                .endsWith("UDP 52181 > 9999 length 5");
        assertThat(linux("port-unreachable-v6")).endsWith("UDP 35883 > 9999 length 5");
        assertThat(linux("syn-v4"))
                .contains("TCP 40108 > 9 [S] seq 1784260437 win 64240 options"
                        + " [mss 1460,sackOK,TS val 1445854300 ecr 0,nop,wscale ");
        assertThat(linux("reset-v6")).contains("TCP 9 > 45434 [R.] seq 0 ack 1184090829 win 0 length 0");
    }

    @Test
    void tagsOptionsAndSctp() {
        assertThat(PacketPrinter.print(packet().ethernet()
                        .vlan(0xB064)
                        .ipv4("10.0.0.1", "10.0.0.2")
                        .trafficClass(3)
                        .ipOptions(148, 4, 0, 0, 7, 99)
                        .sctp(1, 2)
                        .init(1, 2)
                        .chunk(200, 0)
                        .build()))
                .isEqualTo("02:00:00:00:00:01 > 02:00:00:00:00:02, vlan 100 p 5 DEI,"
                        + " IPv4 10.0.0.1 > 10.0.0.2 ttl 64 tos 0x03 options [router-alert,malformed],"
                        + " SCTP 1 > 2 tag 0x00000000 [INIT, chunk-200]");
    }

    @Test
    void brokenHeadersAreNamed() {
        assertThat(PacketPrinter.print(new byte[0])).isEqualTo("[ethernet-header-truncated] length 0");
        assertThat(PacketPrinter.print(packet().ethernet()
                        .ipv4("10.0.0.1", "10.0.0.2")
                        .ipLength(99)
                        .build()))
                .endsWith(", [ipv4-packet-truncated] length 20");
        assertThat(PacketPrinter.print(packet().ethernet()
                        .ipv6("fd00::1", "fd00::2")
                        .udp(1, 2)
                        .udpLength(7)
                        .build()))
                .endsWith(", [udp-bad-length] length 8");
        assertThat(PacketPrinter.print(packet().ethernet()
                        .ipv4("10.0.0.1", "10.0.0.2")
                        .udp(1, 4789)
                        .vxlan(5)
                        .vxlanFlags(0x88)
                        .ethernet()
                        .arpRequest("02:00:00:00:00:01", "10.0.0.1", "10.0.0.2")
                        .truncate(100)
                        .build()))
                .contains("[vxlan-reserved-bits], VXLAN vni 5,");
    }

    @Test
    void aCutQuotationStillTellsThePorts() {
        final byte[] lost = packet().ipv4("10.0.0.1", "10.0.0.2")
                .tcp(40000, 80)
                .payloadOf(500)
                .truncate(28)
                .build();
        assertThat(PacketPrinter.print(packet().ethernet()
                        .ipv4("10.0.0.9", "10.0.0.1")
                        .icmpError(3, 4, lost)
                        .build()))
                .contains("ICMP fragmentation needed mtu 0")
                .endsWith("about: IPv4 10.0.0.1 > 10.0.0.2 ttl 64, TCP 40000 > 80");
    }

    @Test
    void nestingIsBounded() {
        final PacketBuilder deep = packet().ethernet();
        for (int i = 0; i < 3000; i++) {
            deep.ipv4("10.0.0.1", "10.0.0.2");
        }
        assertThat(PacketPrinter.print(deep.build()))
                .contains("[nested too deep]")
                .hasSizeLessThan(1000);
    }

    @Test
    void verboseVerifiesAndDumps() {
        assertThat(PacketPrinter.printVerbose(packet().ethernet()
                        .ipv4("10.0.0.1", "10.0.0.2")
                        .udp(1, 2)
                        .checksum(0x1234)
                        .payload("hello, world!!!!!")
                        .pad(64)
                        .build()))
                .isEqualTo("""
                        02:00:00:00:00:01 > 02:00:00:00:00:02 type IPv4 64 bytes
                          IPv4 10.0.0.1 > 10.0.0.2 ttl 64 length 45 checksum 0x66be ok
                            UDP 1 > 2 length 17 checksum 0x1234 wrong, should be 0x4828
                              0000  68 65 6c 6c 6f 2c 20 77 6f 72 6c 64 21 21 21 21  hello, world!!!!
                              0010  21                                               !
                            padding 5 bytes""");
    }
}
