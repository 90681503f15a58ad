package io.weir.bench.peers;

import java.io.IOException;

/** A peer that is ready to work, and paused except during {@link #run}. Closing it ends its processes. */
public interface PeerSession extends AutoCloseable {
    /**
     * Lets it work for a while.
     *
     * @return packets that it forwarded, and how long that took
     * @throws IOException when it died, or lost packets
     */
    PeerRun run(double seconds) throws IOException, InterruptedException;

    /** The command line that started it. */
    String command();

    /** What a reader must know about how it did the work; empty when there is nothing. */
    String note();

    @Override
    void close();
}
