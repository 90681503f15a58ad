package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;

/**
 * An entry of the kernel's neighbour tables (ARP and ND) as listed.
 *
 * @param interfaceIndex the interface
 * @param address        the neighbour's address
 * @param mac            its Ethernet address, zero while unknown
 * @param state          NUD_ bits, see {@link #isPermanent()}
 */
public record KernelNeighbour(int interfaceIndex, IpAddress address, MacAddress mac, int state) {
    private static final int NUD_INCOMPLETE = 0x01;
    private static final int NUD_FAILED = 0x20;
    private static final int NUD_NOARP = 0x40;
    private static final int NUD_PERMANENT = 0x80;

    /** Whether it was set by hand and stays. */
    public boolean isPermanent() {
        return (state & NUD_PERMANENT) != 0;
    }

    /** Whether the Ethernet address is known. */
    public boolean isResolved() {
        return (state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP)) == 0 && state != 0;
    }
}
