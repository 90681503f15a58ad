package io.weir.conntrack;

import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import java.util.Map;

/**
 * What the operator wants of source NAT.
 *
 * @param rules               tried in order, after the masquerade that a Service requires; no match keeps the source
 * @param masqueradeAddresses IPv4 and IPv6 addresses (one of each family at most) by output port
 * @param defaultMasquerade   for output ports that have no entry of the family
 * @param nodePortLow         first port of the NodePort range, which source NAT never uses
 * @param nodePortHigh        its last port; lower than {@code nodePortLow} for an empty range
 * @param randomFully         never keep the source port, choose at random (iptables: --random-fully)
 * @param tunnelMasquerade    for what leaves by a tunnel, one of each family at most: the node's address in the network
 *                            inside of the tunnels; empty means: as without a tunnel
 */
public record SnatSpec(
        List<SnatRule> rules,
        Map<Integer, List<IpAddress>> masqueradeAddresses,
        List<IpAddress> defaultMasquerade,
        int nodePortLow,
        int nodePortHigh,
        boolean randomFully,
        List<IpAddress> tunnelMasquerade) {

    public static final int NODE_PORT_LOW = 30_000;
    public static final int NODE_PORT_HIGH = 32_767;

    /** Keeps all sources, and can masquerade nothing. */
    public static final SnatSpec NONE =
            new SnatSpec(List.of(), Map.of(), List.of(), NODE_PORT_LOW, NODE_PORT_HIGH, false);

    /** Without tunnels. */
    public SnatSpec(
            List<SnatRule> rules,
            Map<Integer, List<IpAddress>> masqueradeAddresses,
            List<IpAddress> defaultMasquerade,
            int nodePortLow,
            int nodePortHigh,
            boolean randomFully) {
        this(rules, masqueradeAddresses, defaultMasquerade, nodePortLow, nodePortHigh, randomFully, List.of());
    }

    /** @throws IllegalArgumentException when a value is out of its range */
    public SnatSpec {
        tunnelMasquerade = List.copyOf(tunnelMasquerade);
        rules = List.copyOf(rules);
        masqueradeAddresses = Map.copyOf(masqueradeAddresses);
        defaultMasquerade = List.copyOf(defaultMasquerade);
        if (nodePortLow < 0 || nodePortHigh > 65_535) {
            throw new IllegalArgumentException(
                    "NodePort range " + nodePortLow + "-" + nodePortHigh + " is outside of 0-65535");
        }
        if (nodePortHigh - nodePortLow > 60_000) {
            throw new IllegalArgumentException(
                    "NodePort range " + nodePortLow + "-" + nodePortHigh + " leaves too few ports for source NAT");
        }
        masqueradeAddresses.forEach((port, addresses) -> checkFamilies("output port " + port, addresses));
        checkFamilies("default", defaultMasquerade);
        checkFamilies("tunnels", tunnelMasquerade);
    }

    private static void checkFamilies(String what, List<IpAddress> addresses) {
        final long ipv4 = addresses.stream().filter(IpAddress::isIpv4).count();
        if (ipv4 > 1 || addresses.size() - ipv4 > 1) {
            throw new IllegalArgumentException(
                    "masquerade addresses of " + what + ": one of each family at most, not " + addresses);
        }
    }
}
