package io.weir.bench.peers;

import java.nio.file.Path;

/**
 * What a peer shall do.
 *
 * @param scenario  the name of weir's scenario, whose work it shall do
 * @param capture   weir's own packets, as a file; played over and over
 * @param packets   in the capture
 * @param longest   frame of the capture, in bytes
 * @param ipv6      whether they are IPv6
 * @param tcp       whether they are TCP
 * @param core      to work on
 * @param directory for its files; deleted by the caller
 */
public record PeerWork(
        String scenario, Path capture, int packets, int longest, boolean ipv6, boolean tcp, int core, Path directory) {
    /** Another core, for a peer's control threads. */
    public int otherCore() {
        return core == 0 ? 1 : 0;
    }
}
