package io.weir.dataplane.wire;

/**
 * An ARP packet for IPv4 over Ethernet.
 *
 * @param operation {@link ArpFlyweight#REQUEST}, {@link ArpFlyweight#REPLY} or another
 * @param sender    IPv4
 * @param target    IPv4
 */
public record ArpHeader(int operation, MacAddress senderMac, IpAddress sender, MacAddress targetMac, IpAddress target) {
    public ArpHeader {
        if (!sender.isIpv4() || !target.isIpv4()) {
            throw new IllegalArgumentException("ARP is about IPv4: " + sender + ", " + target);
        }
    }

    public static ArpHeader parse(ArpFlyweight flyweight) {
        return new ArpHeader(
                flyweight.operation(),
                new MacAddress(flyweight.senderMac()),
                IpAddress.ipv4(flyweight.sender()),
                new MacAddress(flyweight.targetMac()),
                IpAddress.ipv4(flyweight.target()));
    }

    /** Writes {@link ArpFlyweight#LENGTH} bytes. */
    public void emit(ArpFlyweight flyweight) {
        flyweight
                .ethernetAndIpv4()
                .operation(operation)
                .senderMac(senderMac.bits())
                .sender(sender.ipv4Bits())
                .targetMac(targetMac.bits())
                .target(target.ipv4Bits());
    }
}
