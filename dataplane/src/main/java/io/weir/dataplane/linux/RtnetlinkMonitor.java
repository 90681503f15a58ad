package io.weir.dataplane.linux;

/** Hears of changes to the interfaces and neighbours of one namespace. For one thread. */
public final class RtnetlinkMonitor implements AutoCloseable {
    private static final int GROUP_LINK = 1;
    private static final int GROUP_NEIGHBOUR = 1 << 2;

    private final NetlinkSocket socket;

    private RtnetlinkMonitor(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** What is told of changes. */
    public interface Listener {
        /** An interface is new or changed. */
        void onLink(KernelLink link);

        /** An interface is gone: deleted, or moved to another namespace. */
        void onLinkGone(KernelLink link);

        /** A neighbour is new or changed. */
        void onNeighbour(KernelNeighbour neighbour);

        /** A neighbour is forgotten. */
        void onNeighbourGone(KernelNeighbour neighbour);

        /** Changes were lost because they came faster than they were polled: list everything again. */
        void onLost();
    }

    /** Hears of what happens from now on. */
    public static RtnetlinkMonitor open(NetworkNamespace namespace) {
        return new RtnetlinkMonitor(NetlinkSocket.open(namespace, GROUP_LINK | GROUP_NEIGHBOUR));
    }

    /** Tells of the changes so far, without waiting. */
    public void poll(Listener listener) {
        boolean complete = socket.events((type, buffer, start, end) -> {
            switch (type) {
                case KernelLinks.RTM_NEWLINK, KernelLinks.RTM_DELLINK -> {
                    KernelLink link = KernelLinks.parse(buffer, start, end);
                    // A bridge tells of its ports by messages of its own family, without the interface's facts.
                    if (link != null && buffer.getByte(start) == 0) {
                        if (type == KernelLinks.RTM_NEWLINK) {
                            listener.onLink(link);
                        } else {
                            listener.onLinkGone(link);
                        }
                    }
                }
                case KernelNeighbours.RTM_NEWNEIGH, KernelNeighbours.RTM_DELNEIGH -> {
                    KernelNeighbour neighbour = KernelNeighbours.parse(buffer, start, end);
                    if (neighbour != null) {
                        if (type == KernelNeighbours.RTM_NEWNEIGH) {
                            listener.onNeighbour(neighbour);
                        } else {
                            listener.onNeighbourGone(neighbour);
                        }
                    }
                }
                default -> {
                    // Other messages of these groups say nothing about interfaces or neighbours.
                }
            }
        });
        if (!complete) {
            listener.onLost();
        }
    }

    /**
     * Waits for a change.
     *
     * @return whether there is one
     */
    public boolean await(int timeoutMs) {
        return socket.awaitEvent(timeoutMs);
    }

    @Override
    public void close() {
        socket.close();
    }
}
