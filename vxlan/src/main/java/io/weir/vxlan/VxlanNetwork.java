package io.weir.vxlan;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One overlay network as this node takes part in it: what a kernel VXLAN device with a static forwarding table is. A
 * dual-stack flannel network is two of these, one over each family.
 *
 * @param name         for people: {@code flannel.1}
 * @param vni          VXLAN network identifier, 0..16777215
 * @param port         UDP port at which tunnels end, 1..65535: 8472 among kernels, 4789 by IANA
 * @param localAddress this node's underlay address; its family is the tunnel's
 * @param localMac     the Ethernet address of this node's VTEP
 * @param uplinkMtu    the largest IP packet that the underlay carries, in bytes
 * @param options      how packets are made and judged
 * @param remotes      the other nodes; their underlay addresses are of the same family as ours
 */
public record VxlanNetwork(
        String name,
        int vni,
        int port,
        IpAddress localAddress,
        MacAddress localMac,
        int uplinkMtu,
        VxlanOptions options,
        List<RemoteVtep> remotes) {
    /** A VNI has 24 bits. */
    public static final int MAX_VNI = (1 << 24) - 1;

    /** The smallest MTU that IPv4 hosts must handle and a tunnel header still leaves room in (RFC 791: 576). */
    private static final int MIN_UPLINK_MTU = 576;

    public VxlanNetwork {
        remotes = List.copyOf(remotes);
        if (vni < 0 || vni > MAX_VNI) {
            throw new IllegalArgumentException(name + ": VNI " + vni + " is outside 0.." + MAX_VNI);
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException(name + ": port " + port + " is outside 1..65535");
        }
        if (uplinkMtu < MIN_UPLINK_MTU || uplinkMtu > 65535) {
            throw new IllegalArgumentException(
                    name + ": uplink MTU " + uplinkMtu + " is outside " + MIN_UPLINK_MTU + "..65535");
        }
        if (localMac.isMulticast() || localMac.equals(MacAddress.ZERO)) {
            throw new IllegalArgumentException(name + ": " + localMac + " is no unicast Ethernet address");
        }
        final Set<Object> subnets = new HashSet<>();
        for (final RemoteVtep remote : remotes) {
            if (remote.underlay().isIpv4() != localAddress.isIpv4()) {
                throw new IllegalArgumentException(
                        name + ": " + remote.underlay() + " is not of the family of " + localAddress);
            }
            if (remote.mac().equals(localMac)) {
                // a kernel drops frames whose source is its own address, so nothing would pass in either direction
                throw new IllegalArgumentException(
                        name + ": the VTEP of " + remote.subnet() + " has our own " + localMac);
            }
            if (!subnets.add(remote.subnet())) {
                throw new IllegalArgumentException(name + ": two VTEPs for " + remote.subnet());
            }
        }
    }

    /** The largest inner IP packet, in bytes. */
    public int mtu() {
        return uplinkMtu - TunnelHeader.overhead(localAddress.isIpv4());
    }
}
