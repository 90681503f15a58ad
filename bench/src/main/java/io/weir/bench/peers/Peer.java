package io.weir.bench.peers;

import io.weir.bench.report.Subject;
import java.io.IOException;
import java.util.Optional;

/** Somebody else who can do a scenario's work. */
public interface Peer {
    Subject subject();

    /** Why it can't do this work on this machine, in one sentence without a full stop; empty when it can. */
    Optional<String> obstacle(PeerWork work);

    /**
     * Starts it, lets it learn all flows, and pauses it.
     *
     * @throws IOException when it does not start or does not do the work; the message says what it said
     */
    PeerSession start(PeerWork work) throws IOException, InterruptedException;
}
