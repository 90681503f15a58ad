package io.weir.bench.peers;

/**
 * One run of a peer.
 *
 * @param packets    forwarded
 * @param seconds    that it took
 * @param cpuSeconds that its process used
 */
public record PeerRun(long packets, double seconds, double cpuSeconds) {
    /** Millions of packets a second. */
    public double mpps() {
        return packets / seconds / 1e6;
    }
}
