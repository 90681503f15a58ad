package io.weir.tools.capture;

/** Link types of captures that weir reads and writes, with their numbers in the file formats. */
public enum LinkType {
    ETHERNET(1),
    /** IPv4 and IPv6 packets without a link header. */
    RAW_IP(101);

    private final int number;

    LinkType(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }
}
