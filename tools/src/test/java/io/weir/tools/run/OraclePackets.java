package io.weir.tools.run;

import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Packets that a router between 192.168.7.0/24 and 192.168.8.0/24 (fd00:7::/64 and fd00:8::/64) is asked to forward. */
final class OraclePackets {
    static final String LEFT_MAC = "02:00:00:00:07:01";
    static final String LEFT_PEER_MAC = "02:00:00:00:07:02";
    static final String RIGHT_MAC = "02:00:00:00:08:01";
    static final String RIGHT_PEER_MAC = "02:00:00:00:08:02";

    private static final long SEED = 2026;
    private static final int NO_ROUTE = 5;
    private static final int[] SIZES = {
        0, 1, 7, 18, 100, 512, 1172, 1180, 1224, 1232, 1240, 1251, 1252, 1253, 1260, 1272, 1273, 1400
    };

    private OraclePackets() {}

    /** One for each neighbour and family, so that the routers resolve their addresses. */
    static List<byte[]> warmUp() {
        return List.of(
                from(false, 1, "192.168.8.2").udp(9, 9).payloadOf(1).build(),
                from(true, 1, "fd00:8::2").udp(9, 9).payloadOf(1).build(),
                from(false, 1, "192.168.7.1").icmpEcho(9, 9).payloadOf(1).build(),
                from(true, 1, "fd00:7::1").icmpEcho(9, 9).payloadOf(1).build());
    }

    /** Always the same ones; each from an address of its own, as errors to one address are limited. */
    static List<byte[]> generate(int count) {
        final SplittableRandom random = new SplittableRandom(SEED);
        final List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            frames.add(frame(random, i));
        }
        return frames;
    }

    private static byte[] frame(SplittableRandom random, int number) {
        final boolean ipv6 = random.nextBoolean();
        final int kind = random.nextInt(8);
        final String destination = switch (kind) {
            case 0, 1, 2 -> ipv6 ? "fd00:8::2" : "192.168.8.2";
            case 3, 4 -> ipv6 ? "2001:db8:8::" + number % 90 : "203.0.113." + number % 90;
            case NO_ROUTE -> ipv6 ? "2001:db8:99::1" : "192.0.2.99";
            case 6 -> ipv6 ? "fd00:7::1" : "192.168.7.1"; // the router
            default -> ipv6 ? "fd00:8::1" : "192.168.8.1"; // the router, on its other side
        };
        final PacketBuilder packet = from(ipv6, 2 + number, destination).trafficClass(random.nextInt(64) << 2);
        // without a route and time to live at once, Linux tells of the one and weir of the other
        if (random.nextInt(5) == 0 && kind != NO_ROUTE) {
            packet.ttl(1 + random.nextInt(2));
        }
        if (!ipv6) {
            packet.id(number + 1);
            if (random.nextBoolean()) {
                packet.dontFragment();
            }
            if (random.nextInt(25) == 0) {
                packet.ipChecksum(random.nextInt(65_536));
            }
        } else if (random.nextInt(10) == 0) {
            packet.destinationOptions(1, 4, 0, 0, 0, 0);
        }
        final int port = 10_000 + number;
        switch (random.nextInt(6)) {
            case 0 -> packet.icmpEcho(port, 1);
            case 1 -> packet.tcp(port, 81).flags("S").seq(number);
            default -> packet.udp(port, 10);
        }
        return packet.payloadOf(SIZES[random.nextInt(SIZES.length)]).build();
    }

    private static PacketBuilder from(boolean ipv6, int host, String destination) {
        return PacketBuilder.packet()
                .ethernet(MacAddress.parse(LEFT_PEER_MAC), MacAddress.parse(LEFT_MAC))
                .ip(ipv6 ? "2001:db8:7::" + Integer.toHexString(host) : "198.51.100." + host % 250, destination);
    }

    /** Address resolution and group reports. */
    static boolean isRoutersOwnBusiness(byte[] frame) {
        final boolean ipv6 = frame[12] == (byte) 0x86;
        final boolean group = (frame[0] & 1) != 0;
        final int type = ipv6 && frame.length > 54 && frame[20] == 58 ? frame[54] & 0xFF : 0;
        return group || frame[13] == 6 || type >= 130;
    }

    /** All bytes, without identification, flow label and checksums in what the router made itself. */
    static byte[] comparable(byte[] frame) {
        final byte[] same = frame.clone();
        final boolean ipv4 = same[12] == 8;
        final boolean back = HEX.equals(mac(same));
        if (back && ipv4) {
            same[18] = same[19] = 0;
            same[24] = same[25] = 0;
            clearChecksum(same, 34, same[23]);
        } else if (back) {
            same[15] &= (byte) 0xF0;
            same[16] = same[17] = 0;
            clearChecksum(same, 54, same[20]);
        }
        return same;
    }

    private static final String HEX = LEFT_PEER_MAC;

    private static String mac(byte[] frame) {
        return "%02x:%02x:%02x:%02x:%02x:%02x".formatted(frame[0], frame[1], frame[2], frame[3], frame[4], frame[5]);
    }

    private static void clearChecksum(byte[] frame, int transport, int protocol) {
        final int field = transport + (protocol == 6 ? 16 : 2);
        if (field + 2 <= frame.length) {
            frame[field] = frame[field + 1] = 0;
        }
    }
}
