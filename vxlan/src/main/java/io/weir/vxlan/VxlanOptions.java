package io.weir.vxlan;

/**
 * How the tunnel packets of one network are made and judged.
 *
 * @param ttl                time to live or hop limit of the outer header, 1..255; the kernel under flannel sends 64
 * @param dontFragment       whether the outer IPv4 header forbids fragmentation; flannel leaves it allowed
 * @param outerChecksum      what is done with the outer UDP checksum of received packets
 * @param acceptUnknownVteps accept tunnel packets from addresses that hold no lease, as the kernel does
 * @param clampsMss          lower the segment size that TCP connections through the tunnel announce to what it carries
 */
public record VxlanOptions(
        int ttl, boolean dontFragment, OuterChecksum outerChecksum, boolean acceptUnknownVteps, boolean clampsMss) {
    /** As flannel programs the kernel's device, but a sender must be a known node. */
    public static final VxlanOptions DEFAULT = new VxlanOptions(64, false, OuterChecksum.VERIFY, false, true);

    public VxlanOptions {
        if (ttl < 1 || ttl > 255) {
            throw new IllegalArgumentException("outer ttl " + ttl + " is outside 1..255");
        }
    }
}
