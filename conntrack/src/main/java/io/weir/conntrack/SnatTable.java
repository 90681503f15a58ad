package io.weir.conntrack;

import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.List;

/** The rules of source NAT in the form that packets need: masks and values in arrays. Immutable. */
final class SnatTable {
    /** {@link #rule} found none. */
    static final int NO_RULE = -1;

    final SnatSpec spec;
    private final SnatAction[] actions;
    private final Prefixes[] sources;
    private final Prefixes[] destinations;
    private final long[][] pools;
    /** By output port: IPv4 low word, IPv6 high and low; 0 is none. */
    private final long[] ipv4ByPort;

    private final long[] ipv6HighByPort;
    private final long[] ipv6LowByPort;
    private final long defaultIpv4;
    private final long defaultIpv6High;
    private final long defaultIpv6Low;
    private final long tunnelIpv4;
    private final long tunnelIpv6High;
    private final long tunnelIpv6Low;

    SnatTable(SnatSpec spec) {
        this.spec = spec;
        final int count = spec.rules().size();
        actions = new SnatAction[count];
        sources = new Prefixes[count];
        destinations = new Prefixes[count];
        pools = new long[count][];
        for (int i = 0; i < count; i++) {
            final SnatRule rule = spec.rules().get(i);
            actions[i] = rule.action();
            sources[i] = new Prefixes(rule.sources());
            destinations[i] = new Prefixes(rule.destinations());
            pools[i] = new long[rule.pool().size() * 2];
            for (int address = 0; address < rule.pool().size(); address++) {
                pools[i][address * 2] = rule.pool().get(address).high();
                pools[i][address * 2 + 1] = rule.pool().get(address).low();
            }
        }
        final int ports = spec.masqueradeAddresses().keySet().stream()
                        .mapToInt(Integer::intValue)
                        .max()
                        .orElse(-1)
                + 1;
        ipv4ByPort = new long[ports];
        ipv6HighByPort = new long[ports];
        ipv6LowByPort = new long[ports];
        spec.masqueradeAddresses().forEach((port, addresses) -> {
            ipv4ByPort[port] = lowOfIpv4(addresses);
            ipv6HighByPort[port] = ofIpv6(addresses).high();
            ipv6LowByPort[port] = ofIpv6(addresses).low();
        });
        defaultIpv4 = lowOfIpv4(spec.defaultMasquerade());
        defaultIpv6High = ofIpv6(spec.defaultMasquerade()).high();
        defaultIpv6Low = ofIpv6(spec.defaultMasquerade()).low();
        tunnelIpv4 = lowOfIpv4(spec.tunnelMasquerade());
        tunnelIpv6High = ofIpv6(spec.tunnelMasquerade()).high();
        tunnelIpv6Low = ofIpv6(spec.tunnelMasquerade()).low();
    }

    private static long lowOfIpv4(List<IpAddress> addresses) {
        return addresses.stream()
                .filter(IpAddress::isIpv4)
                .mapToLong(IpAddress::low)
                .findFirst()
                .orElse(0);
    }

    private static IpAddress ofIpv6(List<IpAddress> addresses) {
        return addresses.stream().filter(IpAddress::isIpv6).findFirst().orElse(IpAddress.ANY_V6);
    }

    /** The first rule that matches the packet's source and the decision's destination. */
    int rule(Decision decision) {
        for (int i = 0; i < actions.length; i++) {
            if (sources[i].matches(decision.subjectSourceHigh(), decision.subjectSourceLow())
                    && destinations[i].matches(decision.destinationHigh(), decision.destinationLow())) {
                return i;
            }
        }
        return NO_RULE;
    }

    SnatAction action(int rule) {
        return rule == NO_RULE ? SnatAction.KEEP : actions[rule];
    }

    int poolSize(int rule) {
        return pools[rule].length / 2;
    }

    long poolHigh(int rule, int index) {
        return pools[rule][index * 2];
    }

    long poolLow(int rule, int index) {
        return pools[rule][index * 2 + 1];
    }

    /** Whether tunnels have an address of their own to hide senders behind. */
    boolean hasTunnelAddress(boolean ipv4) {
        return (ipv4 ? tunnelIpv4 : tunnelIpv6Low | tunnelIpv6High) != 0;
    }

    long masqueradeHigh(int outputPort, boolean tunnel, boolean ipv4) {
        if (ipv4) {
            return 0;
        }
        if (tunnel) {
            return tunnelIpv6High;
        }
        return has(outputPort, ipv6LowByPort) ? ipv6HighByPort[outputPort] : defaultIpv6High;
    }

    /** 0 when the port has no address of the family. */
    long masqueradeLow(int outputPort, boolean tunnel, boolean ipv4) {
        if (tunnel) {
            return ipv4 ? tunnelIpv4 : tunnelIpv6Low;
        }
        final long[] byPort = ipv4 ? ipv4ByPort : ipv6LowByPort;
        return has(outputPort, byPort) ? byPort[outputPort] : ipv4 ? defaultIpv4 : defaultIpv6Low;
    }

    private static boolean has(int outputPort, long[] byPort) {
        return outputPort >= 0 && outputPort < byPort.length && byPort[outputPort] != 0;
    }

    /** A set of prefixes: value and mask, four longs each. */
    private static final class Prefixes {
        private final long[] words;
        private final boolean negated;

        Prefixes(SnatRule.Match match) {
            negated = match.negated();
            words = new long[match.prefixes().size() * 4];
            int at = 0;
            for (final IpPrefix prefix : match.prefixes()) {
                final int length = prefix.mappedLength();
                words[at++] = prefix.address().high();
                words[at++] = prefix.address().low();
                words[at++] = length == 0 ? 0 : length >= 64 ? -1L : -1L << (64 - length);
                words[at++] = length <= 64 ? 0 : -1L << (128 - length);
            }
        }

        boolean matches(long high, long low) {
            if (words.length == 0) {
                return true;
            }
            for (int at = 0; at < words.length; at += 4) {
                if ((high & words[at + 2]) == words[at] && (low & words[at + 3]) == words[at + 1]) {
                    return !negated;
                }
            }
            return negated;
        }
    }
}
