package io.weir.bench.device;

import java.io.IOException;

/** A receiver that counts packets and throws them away before its network stack looks at them. */
final class DropAll {
    private DropAll() {}

    /** For UDP to this IPv4 network; all else (address resolution) goes on. */
    static void at(BenchNamespaces net, String label, String device, String network)
            throws IOException, InterruptedException {
        net.run(
                label,
                "nft",
                "add table netdev bench; add chain netdev bench in { type filter hook ingress device " + device
                        + " priority 0; }; add rule netdev bench in ip daddr " + network + " meta l4proto udp drop");
    }

    /** Takes it away again. */
    static void end(BenchNamespaces net, String label) throws IOException, InterruptedException {
        net.run(label, "nft", "delete table netdev bench");
    }
}
