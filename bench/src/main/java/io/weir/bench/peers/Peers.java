package io.weir.bench.peers;

import io.weir.bench.report.Subject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** All peers that can do the work of a packet-path scenario. */
public final class Peers {
    private Peers() {}

    public static List<Peer> all() {
        return List.of(new Testpmd(), new OvsDpdk(), new NoVpp());
    }

    /** Says why VPP takes no part. */
    private static final class NoVpp implements Peer {
        @Override
        public Subject subject() {
            return Subject.VPP;
        }

        @Override
        public Optional<String> obstacle(PeerWork work) {
            return Optional.of(
                    Command.isOnPath("vpp")
                            ? "weir bench can't drive a VPP yet"
                            : "no vpp on the path (Debian has none)");
        }

        @Override
        public PeerSession start(PeerWork work) throws IOException {
            throw new IOException("weir bench can't drive a VPP yet");
        }
    }
}
