package io.weir.dataplane.linux;

import io.weir.dataplane.wire.MacAddress;

/**
 * A network interface as the kernel lists it.
 *
 * @param index               its number in its namespace
 * @param name                its name, up to 15 bytes
 * @param kind                {@code veth}, {@code tun}, {@code vxlan}, {@code bridge} and so on; empty for a physical one
 * @param flags               IFF_ bits, see {@link #isUp()}
 * @param mtu                 bytes of the longest IP packet
 * @param mac                 its Ethernet address; zero if it has none
 * @param master              the index of its bridge or bond; 0 without
 * @param peer                the index of the other half of a veth or of the interface below; 0 without
 * @param transmitQueueLength packets that wait at most to be sent; for a TAP, to be read
 */
public record KernelLink(
        int index,
        String name,
        String kind,
        int flags,
        int mtu,
        MacAddress mac,
        int master,
        int peer,
        int transmitQueueLength) {
    private static final int IFF_UP = 0x1;
    private static final int IFF_LOOPBACK = 0x8;
    private static final int IFF_PROMISC = 0x100;
    private static final int IFF_LOWER_UP = 0x10000;

    /** Whether it was set up. */
    public boolean isUp() {
        return (flags & IFF_UP) != 0;
    }

    /** Whether it was set up and the other side is there. */
    public boolean hasCarrier() {
        return (flags & IFF_LOWER_UP) != 0;
    }

    /** Whether it is the loopback. */
    public boolean isLoopback() {
        return (flags & IFF_LOOPBACK) != 0;
    }

    /** Whether somebody asked for frames with other addresses. */
    public boolean isPromiscuous() {
        return (flags & IFF_PROMISC) != 0;
    }
}
