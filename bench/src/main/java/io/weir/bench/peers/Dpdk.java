package io.weir.bench.peers;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What all that is built on DPDK has in common here. */
final class Dpdk {
    /** Takes every packet and counts it. */
    static final String SINK = "net_null1,no-rx=1";

    private Dpdk() {}

    /** Where DPDK keeps files of a run; by default they would stay. */
    static Map<String, String> environment(Path directory) {
        return Map.of("RUNTIME_DIRECTORY", directory.toString());
    }

    /** Plays a capture from memory over and over, copying each packet into a fresh buffer. */
    static String source(Path capture) {
        return "net_pcap0,rx_pcap=" + capture + ",infinite_rx=1";
    }

    /** What the machine lacks. */
    static Optional<String> obstacle() {
        if (!HugePages.areAllowed()) {
            return Optional.of("DPDK needs huge pages, and only root can reserve them");
        }
        if (Runtime.getRuntime().availableProcessors() < 2) {
            return Optional.of("it needs a second core for its control thread");
        }
        return Optional.empty();
    }
}
