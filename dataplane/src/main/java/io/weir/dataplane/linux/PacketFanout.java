package io.weir.dataplane.linux;

/** How the kernel shares frames out among the sockets of a group (PACKET_FANOUT). */
public enum PacketFanout {
    /** By a hash of addresses and ports that is the same for both directions of a flow. */
    HASH(0),
    /** One after the other, so the frames of a flow go to all sockets. */
    ROUND_ROBIN(1),
    /** By the processor that the frame arrived on. */
    PROCESSOR(2),
    /** By the device queue that the frame arrived on. */
    DEVICE_QUEUE(5);

    private final int number;

    PacketFanout(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
