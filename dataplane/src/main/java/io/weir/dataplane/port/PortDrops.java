package io.weir.dataplane.port;

import io.weir.dataplane.pipeline.DataplaneDrop;

/** Where a port accounts for frames that never become packets of a burst, or don't leave it. Called by the port's worker. */
public interface PortDrops {
    /** Counts nothing: for a port that no worker has taken over yet. */
    PortDrops NONE = new PortDrops() {
        @Override
        public void received(DataplaneDrop reason, long frames, long bytes) {
            // nobody counts
        }

        @Override
        public void unsent(DataplaneDrop reason, int length) {
            // nobody counts
        }
    };

    /** Frames that arrived and can't be passed on; they count as received and as dropped. */
    void received(DataplaneDrop reason, long frames, long bytes);

    /** A frame of a burst to be transmitted that is not sent. */
    void unsent(DataplaneDrop reason, int length);
}
