package io.weir.dataplane.offload;

/**
 * The connections that the kernel carries by itself. For the control thread only. An entry is one direction; packets of it that
 * are anything but plain segments within the MTU come to weir all the same: SYN, FIN, RST, fragments, IP options, a last hop.
 */
public interface FlowOffload {
    /** Carries nothing. */
    FlowOffload NONE = new FlowOffload() {
        @Override
        public boolean takes(int ingressPort, int egressPort) {
            return false;
        }

        @Override
        public boolean add(OffloadedFlow original, OffloadedFlow reply) {
            return false;
        }

        @Override
        public OffloadCount count(OffloadKey key) {
            return OffloadCount.ZERO;
        }

        @Override
        public OffloadCount remove(OffloadKey key) {
            return OffloadCount.ZERO;
        }
    };

    /** Whether packets can be carried from the one port to the other. */
    boolean takes(int ingressPort, int egressPort);

    /**
     * Lets the kernel carry a connection; a direction that it carries already gets the new rewrite and counts on. What closes the
     * one direction closes the other as well.
     *
     * @param original one direction
     * @param reply    the other one: its key is what the first one's answers have, and the other way round
     * @return false when the table is full or one of the ports is not {@linkplain #takes taken}: weir goes on carrying both
     */
    boolean add(OffloadedFlow original, OffloadedFlow reply);

    /** What was carried so far; zeros when there is no such entry. */
    OffloadCount count(OffloadKey key);

    /**
     * Takes a direction back: packets that begin after the return come to weir.
     *
     * @return the last count; zeros when there was no such entry
     */
    OffloadCount remove(OffloadKey key);
}
