package io.weir.dataplane.offload;

/**
 * What the kernel has carried by one entry since it was added.
 *
 * @param packets    as they would be on a wire: a train of segments counts as many
 * @param bytes      of IP packets, each segment with headers of its own
 * @param lastUsedNs CLOCK_MONOTONIC of the last packet (System.nanoTime() on Linux); 0 if there was none
 */
public record OffloadCount(long packets, long bytes, long lastUsedNs) {
    /** Nothing was carried. */
    public static final OffloadCount ZERO = new OffloadCount(0, 0, 0);
}
