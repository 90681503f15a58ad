package io.weir.dataplane.wire;

import java.nio.ByteBuffer;

/** One header of a packet under test, with the plain readers that {@link PacketField}s use. */
record PacketView(Kind kind, ByteBuffer bytes, int start) {
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
        return bytes.get(start + offset) & 0xFF;
    }

    int u16(int offset) {
        return u8(offset) << 8 | u8(offset + 1);
    }

    long u32(int offset) {
        return (long) u16(offset) << 16 | u16(offset + 2);
    }

    MacAddress mac(int offset) {
        return new MacAddress((long) u16(offset) << 32 | u32(offset + 2));
    }

    IpAddress ipv4(int offset) {
        return IpAddress.ipv4((int) u32(offset));
    }

    IpAddress ipv6(int offset) {
        return new IpAddress(bytes.getLong(start + offset), bytes.getLong(start + offset + 8));
    }

    boolean isIpv4() {
        return kind == Kind.IPV4;
    }
}
