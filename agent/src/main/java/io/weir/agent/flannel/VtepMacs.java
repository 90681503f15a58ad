package io.weir.agent.flannel;

import io.weir.dataplane.wire.MacAddress;

/**
 * The Ethernet addresses of this node's VTEPs: flannel has one device for each family.
 *
 * @param ipv4 of {@code flannel.VNI}
 * @param ipv6 of {@code flannel-v6.VNI}
 */
public record VtepMacs(MacAddress ipv4, MacAddress ipv6) {}
