package io.weir.dataplane.wire;

/** IP protocol numbers, which are also the values of IPv6 next header fields (IANA). */
public final class IpProtocol {
    /** IPv6 hop-by-hop options, RFC 8200 section 4.3. */
    public static final int HOP_BY_HOP = 0;

    public static final int ICMP = 1;
    public static final int IGMP = 2;

    /** IPv4 in IP, RFC 2003. */
    public static final int IPV4 = 4;

    public static final int TCP = 6;
    public static final int UDP = 17;

    /** IPv6 in IP, RFC 4213. */
    public static final int IPV6 = 41;

    /** IPv6 routing header, RFC 8200 section 4.4. */
    public static final int ROUTING = 43;

    /** IPv6 fragment header, RFC 8200 section 4.5. */
    public static final int FRAGMENT = 44;

    public static final int GRE = 47;

    /** Encapsulating security payload, RFC 4303: what follows is encrypted. */
    public static final int ESP = 50;

    /** Authentication header, RFC 4302. */
    public static final int AUTHENTICATION = 51;

    public static final int ICMPV6 = 58;

    /** IPv6 no next header, RFC 8200 section 4.7. */
    public static final int NO_NEXT_HEADER = 59;

    /** IPv6 destination options, RFC 8200 section 4.6. */
    public static final int DESTINATION_OPTIONS = 60;

    public static final int SCTP = 132;

    private IpProtocol() {}

    /** True for what stands between an IPv6 header and its upper layer and can be walked over. */
    public static boolean isIpv6Extension(int protocol) {
        return switch (protocol) {
            case HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS -> true;
            default -> false;
        };
    }

    /** {@code TCP}, or {@code protocol-99} for a number without a name here. */
    public static String name(int protocol) {
        return switch (protocol) {
            case HOP_BY_HOP -> "hop-by-hop";
            case ICMP -> "ICMP";
            case IGMP -> "IGMP";
            case IPV4 -> "IPIP";
            case TCP -> "TCP";
            case UDP -> "UDP";
            case IPV6 -> "IPv6";
            case ROUTING -> "routing";
            case FRAGMENT -> "fragment";
            case GRE -> "GRE";
            case ESP -> "ESP";
            case AUTHENTICATION -> "AH";
            case ICMPV6 -> "ICMPv6";
            case NO_NEXT_HEADER -> "no-next-header";
            case DESTINATION_OPTIONS -> "destination-options";
            case SCTP -> "SCTP";
            default -> "protocol-" + protocol;
        };
    }
}
