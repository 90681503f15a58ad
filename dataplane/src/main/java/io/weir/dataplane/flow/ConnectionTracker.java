package io.weir.dataplane.flow;

/**
 * What a worker's fast path tells the connection table about packets that the flow cache answered. Implemented by
 * conntrack; called by every worker, so it takes no lock.
 */
public interface ConnectionTracker {
    /** For a dataplane without connection tracking. */
    ConnectionTracker NONE = new ConnectionTracker() {
        @Override
        public boolean refresh(int connection, int generation, boolean reply, long packets, long bytes, long nowNs) {
            return true;
        }

        @Override
        public boolean segment(
                int connection, int generation, boolean reply, long tcpHeaderAddress, int segmentLength, long nowNs) {
            return true;
        }

        @Override
        public boolean isStillAbsent(int place, int stamp) {
            return true;
        }

        @Override
        public boolean isStill(int connection, int generation) {
            return true;
        }
    };

    /**
     * Called at most once a tick (about a second) for a flow that saw packets: extends the connection's timeout and adds
     * to its counters.
     *
     * @param generation the connection's generation when the flow was cached
     * @return false when the entry holds another connection now, or one that needs the slow path: decide again
     */
    boolean refresh(int connection, int generation, boolean reply, long packets, long bytes, long nowNs);

    /**
     * Called for every segment of a flow with {@link io.weir.dataplane.pipeline.Tracking#WINDOW}: checks it against the
     * connection's window and moves the window.
     *
     * @param tcpHeaderAddress raw address of the TCP header, which the parser has checked
     * @param segmentLength    bytes of TCP header and payload
     * @return false when the slow path must look at it: out of window, closing, or another connection now
     */
    boolean segment(
            int connection, int generation, boolean reply, long tcpHeaderAddress, int segmentLength, long nowNs);

    /**
     * Called for every packet of a flow that is dropped and has no connection.
     *
     * @param place as {@link io.weir.dataplane.pipeline.Decision#absent} was told
     * @param stamp as it was then
     * @return false when a connection of the same addresses and ports may have been created since: decide again
     */
    boolean isStillAbsent(int place, int stamp);

    /** Called for every packet of a connection's flow that is dropped: false when the connection has ended. */
    boolean isStill(int connection, int generation);

    /**
     * Called for each packet of a burst that the slow path will decide about, before it decides about the first.
     *
     * @return where the search for the packet's connection will look, for {@link #touch}
     */
    default long places(
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int sourcePort,
            int destinationPort,
            int protocol,
            int scope) {
        return 0;
    }

    /**
     * Called with all places of a burst in turn: loads what is there, so that the cache misses of the packets overlap.
     * Changes nothing.
     *
     * @return means nothing; to be used, so that the load is not optimised away
     */
    default int touch(long places) {
        return 0;
    }
}
