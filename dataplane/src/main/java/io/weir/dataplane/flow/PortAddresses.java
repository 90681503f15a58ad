package io.weir.dataplane.flow;

import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * weir's own addresses on a port: it answers address resolution for them, and what weir itself sends by the port carries
 * one of them. Immutable.
 */
public final class PortAddresses {
    /** {@link #sourceFor}: there is no address of that family. */
    public static final int NONE = -1;

    /** No address at all. */
    public static final PortAddresses EMPTY = new PortAddresses(List.of());

    /** The gateways that every pod sees: 169.254.1.1 and fe80::1. */
    public static final PortAddresses POD_GATEWAYS =
            new PortAddresses(List.of(IpAddress.parse("169.254.1.1"), IpAddress.parse("fe80::1")));

    private final List<IpAddress> addresses;
    private final long[] highs;
    private final long[] lows;
    private final int firstIpv4;
    private final int firstLinkLocal;
    private final int firstGlobal;

    private PortAddresses(Collection<IpAddress> wanted) {
        addresses = List.copyOf(wanted);
        highs = new long[addresses.size()];
        lows = new long[addresses.size()];
        int ipv4 = NONE;
        int linkLocal = NONE;
        int global = NONE;
        for (int i = addresses.size() - 1; i >= 0; i--) {
            final IpAddress address = addresses.get(i);
            highs[i] = address.high();
            lows[i] = address.low();
            if (address.isIpv4()) {
                ipv4 = i;
            } else if (address.isLinkLocal()) {
                linkLocal = i;
            } else {
                global = i;
            }
        }
        firstIpv4 = ipv4;
        firstLinkLocal = linkLocal;
        firstGlobal = global;
    }

    /** The first of each kind (IPv4, link-local, global IPv6) is the one that weir sends from. */
    public static PortAddresses of(Collection<IpAddress> addresses) {
        return addresses.isEmpty() ? EMPTY : new PortAddresses(new ArrayList<>(addresses));
    }

    public boolean contains(long high, long low) {
        for (int i = 0; i < highs.length; i++) {
            if (lows[i] == low && highs[i] == high) {
                return true;
            }
        }
        return false;
    }

    /**
     * Which address to send from to this destination: of its family, and link-local for a link-local one.
     *
     * @return an index for {@link #high} and {@link #low}, or {@link #NONE}
     */
    public int sourceFor(long destinationHigh, long destinationLow) {
        if (IpAddress.isIpv4(destinationHigh, destinationLow)) {
            return firstIpv4;
        }
        final boolean linkLocal = destinationHigh >>> 54 == 0xFE80L >>> 6 || destinationHigh >>> 48 == 0xFF02;
        final int preferred = linkLocal ? firstLinkLocal : firstGlobal;
        return preferred != NONE ? preferred : linkLocal ? firstGlobal : firstLinkLocal;
    }

    public long high(int index) {
        return highs[index];
    }

    public long low(int index) {
        return lows[index];
    }

    public List<IpAddress> addresses() {
        return addresses;
    }

    @Override
    public String toString() {
        return addresses.toString();
    }
}
