package io.weir.policy.analysis;

import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.EndpointRules;
import io.weir.policy.Judgement;
import io.weir.policy.PolicyTable;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Direction;

/** Whether one party reaches another. */
public enum Reach {
    ALLOWED('.'),
    DENIED('X'),
    /** Over IPv4 yes, over IPv6 no. */
    IPV4_ONLY('4'),
    /** Over IPv6 yes, over IPv4 no. */
    IPV6_ONLY('6'),
    /** They have no address family in common, or are one and the same. */
    NONE(' ');

    private final char symbol;

    Reach(char symbol) {
        this.symbol = symbol;
    }

    /** One character for tables. */
    public char symbol() {
        return symbol;
    }

    /** Asks the table, for all pairs of addresses of a family in common. */
    public static Reach between(PolicyTable table, Party from, Party to, Protocol protocol, int port) {
        boolean ipv4 = false;
        boolean ipv6 = false;
        boolean ipv4Allowed = true;
        boolean ipv6Allowed = true;
        for (final IpAddress source : from.addresses()) {
            for (final IpAddress destination : to.addresses()) {
                if (source.isIpv4() && destination.isIpv4()) {
                    ipv4 = true;
                    ipv4Allowed &= table.allows(source, destination, protocol, port);
                } else if (source.isIpv6() && destination.isIpv6()) {
                    ipv6 = true;
                    ipv6Allowed &= table.allows(source, destination, protocol, port);
                }
            }
        }
        if ((!ipv4 && !ipv6) || from.name().equals(to.name())) {
            return NONE;
        }
        if (ipv4 && ipv6 && ipv4Allowed != ipv6Allowed) {
            return ipv4Allowed ? IPV4_ONLY : IPV6_ONLY;
        }
        return ipv4Allowed && ipv6Allowed ? ALLOWED : DENIED;
    }

    /** Why, in words, for the first pair of addresses that is denied, or else the first pair. */
    public static String why(PolicyTable table, Party from, Party to, Protocol protocol, int port) {
        String first = "";
        for (final IpAddress source : from.addresses()) {
            for (final IpAddress destination : to.addresses()) {
                if (source.isIpv4() != destination.isIpv4()) {
                    continue;
                }
                final String reason = why(table, source, destination, protocol, port);
                if (!table.allows(source, destination, protocol, port)) {
                    return reason;
                }
                first = first.isEmpty() ? reason : first;
            }
        }
        return first;
    }

    private static String why(PolicyTable table, IpAddress source, IpAddress destination, Protocol protocol, int port) {
        final EndpointRules sender = table.endpoint(source);
        final EndpointRules receiver = table.endpoint(destination);
        final int egress = table.judge(Direction.EGRESS, source, destination, protocol, port);
        final int ingress = table.judge(Direction.INGRESS, source, destination, protocol, port);
        final StringBuilder text = new StringBuilder();
        if (sender != null) {
            text.append("egress ").append(sender.egress().explain(egress));
        }
        if (receiver != null && !Judgement.isDenied(egress)) {
            text.append(text.isEmpty() ? "" : "; ");
            text.append("ingress ").append(receiver.ingress().explain(ingress));
        }
        return text.toString();
    }
}
