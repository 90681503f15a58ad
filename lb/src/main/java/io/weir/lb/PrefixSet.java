package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.List;

/** A few networks of both families, for the packet path: looked through one by one, because there are a handful. */
final class PrefixSet {
    static final PrefixSet EMPTY = new PrefixSet(List.of());

    private final long[] highs;
    private final long[] lows;
    private final long[] highMasks;
    private final long[] lowMasks;
    private final boolean[] ipv4;
    private final boolean hasIpv4;
    private final boolean hasIpv6;

    PrefixSet(List<IpPrefix> prefixes) {
        final int count = prefixes.size();
        highs = new long[count];
        lows = new long[count];
        highMasks = new long[count];
        lowMasks = new long[count];
        ipv4 = new boolean[count];
        hasIpv4 = prefixes.stream().anyMatch(IpPrefix::isIpv4);
        hasIpv6 = prefixes.stream().anyMatch(prefix -> !prefix.isIpv4());
        for (int i = 0; i < count; i++) {
            final IpPrefix prefix = prefixes.get(i);
            final int bits = prefix.mappedLength();
            ipv4[i] = prefix.isIpv4();
            highs[i] = prefix.address().high();
            lows[i] = prefix.address().low();
            highMasks[i] = bits >= 64 ? -1L : bits == 0 ? 0 : -1L << (64 - bits);
            lowMasks[i] = bits >= 128 ? -1L : bits <= 64 ? 0 : -1L << (128 - bits);
        }
    }

    boolean isEmpty() {
        return highs.length == 0;
    }

    /** Some network is of this address's family. */
    boolean hasFamilyOf(long high, long low) {
        return IpAddress.isIpv4(high, low) ? hasIpv4 : hasIpv6;
    }

    boolean contains(long high, long low) {
        final boolean addressIsIpv4 = IpAddress.isIpv4(high, low);
        for (int i = 0; i < highs.length; i++) {
            if ((high & highMasks[i]) == highs[i] && (low & lowMasks[i]) == lows[i] && ipv4[i] == addressIsIpv4) {
                return true;
            }
        }
        return false;
    }
}
