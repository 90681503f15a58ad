package io.weir.dataplane.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** One header of a packet under test, with the plain readers that {@link PacketField}s use. */
record PacketView(Kind kind, byte[] bytes, int start, int headerLength, int end) {
    enum Kind {
        ETHERNET,
        VLAN,
        ARP,
        IPV4,
        IPV6,
        TCP,
        UDP,
        SCTP,
        ICMP,
        VXLAN
    }

    int u8(int offset) {
        return bytes[start + offset] & 0xFF;
    }

    int u16(int offset) {
        return u8(offset) << 8 | u8(offset + 1);
    }

    long u32(int offset) {
        return (long) u16(offset) << 16 | u16(offset + 2);
    }

    MacAddress mac(int offset) {
        return MacAddress.ofBytes(Arrays.copyOfRange(bytes, start + offset, start + offset + 6));
    }

    IpAddress ipv4(int offset) {
        return IpAddress.ipv4((int) u32(offset));
    }

    IpAddress ipv6(int offset) {
        final ByteBuffer address = ByteBuffer.wrap(bytes, start + offset, 16);
        return new IpAddress(address.getLong(), address.getLong());
    }

    boolean isIpv4() {
        return kind == Kind.IPV4;
    }
}
