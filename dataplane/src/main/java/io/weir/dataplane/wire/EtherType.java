package io.weir.dataplane.wire;

/** EtherTypes (IEEE registration authority) that weir reads, and their names. */
public final class EtherType {
    public static final int IPV4 = 0x0800;
    public static final int ARP = 0x0806;

    /** Reverse ARP; as everything without a constant's own handling, only named. */
    public static final int RARP = 0x8035;

    /** IEEE 802.1Q customer tag. */
    public static final int VLAN = 0x8100;

    public static final int IPV6 = 0x86DD;

    /** IEEE 802.1ad service tag, outside of a customer tag. */
    public static final int SERVICE_VLAN = 0x88A8;

    /** Link layer discovery. */
    public static final int LLDP = 0x88CC;

    /** Values below this are a length (IEEE 802.3), not a type. */
    public static final int MIN_TYPE = 0x0600;

    private EtherType() {}

    public static boolean isVlan(int type) {
        return type == VLAN || type == SERVICE_VLAN;
    }

    /** {@code IPv4}, or {@code 0x1234} for a type without a name here. */
    public static String name(int type) {
        return switch (type) {
            case IPV4 -> "IPv4";
            case ARP -> "ARP";
            case RARP -> "RARP";
            case VLAN -> "802.1Q";
            case IPV6 -> "IPv6";
            case SERVICE_VLAN -> "802.1ad";
            case LLDP -> "LLDP";
            default -> String.format("0x%04x", type);
        };
    }
}
