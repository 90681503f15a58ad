package io.weir.bench.peers;

import java.util.List;

/** All peers that can do the work of a packet-path scenario. */
public final class Peers {
    private Peers() {}

    public static List<Peer> all() {
        return List.of(new Testpmd(), new OvsDpdk(), new Vpp());
    }
}
