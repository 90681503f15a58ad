package io.weir.policy.classify;

/** Upper-layer protocols as far as rules tell them apart. */
public enum Protocol {
    /** Every protocol that is not named here. */
    OTHER(0),
    TCP(1),
    UDP(2),
    SCTP(3),
    /** ICMP and ICMPv6. */
    ICMP(4),
    GRE(5);

    /** One more than the greatest index. */
    static final int COUNT = 6;

    private static final Protocol[] BY_INDEX = {OTHER, TCP, UDP, SCTP, ICMP, GRE};

    private final int index;

    Protocol(int index) {
        this.index = index;
    }

    /** Its place in tables, from 0. */
    public int index() {
        return index;
    }

    static Protocol byIndex(int index) {
        return BY_INDEX[index];
    }

    /** The index for a number of the IPv4 protocol field or the IPv6 next-header field. */
    public static int indexOf(int ipProtocol) {
        return switch (ipProtocol) {
            case 6 -> 1;
            case 17 -> 2;
            case 132 -> 3;
            case 1, 58 -> 4;
            case 47 -> 5;
            default -> 0;
        };
    }
}
