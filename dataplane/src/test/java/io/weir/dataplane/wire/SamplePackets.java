package io.weir.dataplane.wire;

import static io.weir.dataplane.wire.PacketBuilder.packet;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A well-formed frame of each kind that the wire layer knows, by name: seeds for mutation, and cases for every check. */
public final class SamplePackets {
    private static final List<byte[]> FRAMES = List.copyOf(all().values());

    private SamplePackets() {}

    /** All frames by name, in a stable order. */
    public static Map<String, byte[]> all() {
        final Map<String, byte[]> frames = new LinkedHashMap<>();
        for (final String family : List.of("ipv4", "ipv6")) {
            final String a = family.equals("ipv4") ? "10.0.0.1" : "fd00::1";
            final String b = family.equals("ipv4") ? "10.0.0.2" : "fd00::2";
            frames.put(
                    family + "-udp",
                    packet().ethernet().ip(a, b).udp(4000, 53).payload("query").build());
            frames.put(
                    family + "-tcp-syn",
                    packet().ethernet()
                            .vlan(0xA064)
                            .ip(a, b)
                            .tcp(40000, 80)
                            .flags("S")
                            .seq(0xFFFF_FFF0L)
                            .mss(1460)
                            .sackPermitted()
                            .timestamps(100, 0)
                            .tcpOption(1)
                            .windowScale(7)
                            .build());
            frames.put(
                    family + "-sctp",
                    packet().ethernet()
                            .ip(a, b)
                            .sctp(5000, 6000)
                            .verificationTag(7)
                            .data(1, (byte) 'h', (byte) 'i')
                            .chunk(10, 0, (byte) 1)
                            .build());
            frames.put(
                    family + "-sctp-init",
                    packet().ethernet().ip(a, b).sctp(5000, 6000).init(9, 1).build());
            frames.put(
                    family + "-echo",
                    packet().ethernet().ip(a, b).icmpEcho(7, 9).payloadOf(56).build());
            final byte[] lost = packet().ip(b, a)
                    .ttl(1)
                    .tcp(80, 40000)
                    .flags("A")
                    .payloadOf(200)
                    .build();
            final boolean isIpv4 = family.equals("ipv4");
            frames.put(
                    family + "-too-big",
                    packet().ethernet()
                            .ip(a, b)
                            .icmp(isIpv4 ? 3 : 2, isIpv4 ? 4 : 0, 1280)
                            .payload(Arrays.copyOf(lost, isIpv4 ? 28 : 100))
                            .build());
            frames.put(
                    family + "-vxlan",
                    packet().ethernet()
                            .ip(a, b)
                            .udp(50000, 8472)
                            .vxlan(42)
                            .ethernet("0a:00:00:00:00:01", "0a:00:00:00:00:02")
                            .ip(b, a)
                            .tcp(1, 2)
                            .flags("PA")
                            .payload("inner")
                            .build());
            frames.put(
                    family + "-unknown",
                    packet().ethernet().ip(a, b).payloadOf(20).build());
            int index = 0;
            for (final byte[] piece :
                    packet().ethernet().ip(a, b).udp(1, 2).payloadOf(100).fragments(96)) {
                frames.put(family + "-fragment-" + index++, piece);
            }
        }
        frames.put(
                "ipv4-options",
                packet().ethernet()
                        .ipv4("10.0.0.1", "10.0.0.2")
                        .ipOptions(148, 4, 0, 0, 1, 131, 7, 4, 10, 0, 0, 9)
                        .udp(1, 2)
                        .build());
        frames.put(
                "ipv4-in-ipv4",
                packet().ethernet()
                        .ip("10.0.0.1", "10.0.0.2")
                        .ip("10.1.0.1", "10.1.0.2")
                        .build());
        frames.put(
                "ipv6-extensions",
                packet().ethernet()
                        .ipv6("fd00::1", "fd00::2")
                        .hopByHop(5, 2, 0, 0)
                        .destinationOptions(1, 0)
                        .routing(4, 0, 0, 0)
                        .fragment(77, 0, false)
                        .authentication(1, 2)
                        .udp(1, 2)
                        .payload("deep")
                        .build());
        frames.put(
                "arp-request",
                packet().ethernet("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff")
                        .arpRequest("02:00:00:00:00:01", "10.0.0.1", "10.0.0.2")
                        .pad(60)
                        .build());
        frames.put(
                "arp-reply",
                packet().ethernet()
                        .arpReply("02:00:00:00:00:01", "10.0.0.1", "02:00:00:00:00:02", "10.0.0.2")
                        .build());
        frames.put(
                "neighbour-solicitation",
                packet().ethernet()
                        .ipv6("fe80::1", "ff02::1:ff00:2")
                        .ttl(255)
                        .neighbourSolicitation("fe80::2", "02:00:00:00:00:01")
                        .build());
        frames.put(
                "neighbour-advertisement",
                packet().ethernet()
                        .ipv6("fe80::2", "fe80::1")
                        .ttl(255)
                        .neighbourAdvertisement("fe80::2", "02:00:00:00:00:02")
                        .build());
        frames.put(
                "router-advertisement",
                packet().ethernet()
                        .ipv6("fe80::2", "ff02::1")
                        .ttl(255)
                        .icmp(134, 0, 64 << 24 | 1800)
                        .payload(PacketBuilder.hex("0000000000000000 0501000000000514"
                                + "0304 40c0 00015180 00003840 00000000 fd000000000000000000000000000000"))
                        .build());
        frames.put(
                "other-type",
                packet().ethernet().etherType(0x88CC).payloadOf(30).build());
        return frames;
    }

    /** A frame made from one of {@link #all}: some bytes changed, perhaps cut, perhaps lengthened. */
    public static byte[] mutate(Random random) {
        byte[] frame = FRAMES.get(random.nextInt(FRAMES.size())).clone();
        for (int i = random.nextInt(6); i > 0; i--) {
            // Headers more often than payload.
            final int at = random.nextInt(random.nextBoolean() ? Math.min(70, frame.length) : frame.length);
            frame[at] = (byte) (random.nextBoolean() ? random.nextInt() : frame[at] ^ 1 << random.nextInt(8));
        }
        if (random.nextInt(3) == 0) {
            frame = Arrays.copyOf(frame, random.nextInt(frame.length + 20));
        }
        return frame;
    }
}
