package io.weir.dataplane.port;

import io.weir.dataplane.linux.XdpSocket;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * AF_XDP sockets on some of an interface's queues: frames are copied out of their memory into slots of the pool, and from slots
 * into the memory of the first socket, whose transmit ring the kernel empties with one system call a burst.
 *
 * <p>The kernel offers neither segmentation nor checksums here: all that is sent is cut and summed in software before.
 */
public final class AfXdpPort implements Port {
    private static final int ETHERNET_HEADER = 14;

    /** How often the kernel is asked what it dropped. */
    private static final int RECEIVES_PER_LOOK = 1024;

    private final String name;
    private final XdpSocket[] sockets;
    private final XdpSocket sender;
    private final int longest;
    private final boolean finishesChecksums;
    private PortDrops drops = PortDrops.NONE;
    private int receives;
    private int next;

    /** Whether the kernel did not take all that was sent last. */
    private boolean stays;

    /**
     * A port on sockets, which stay their owner's.
     *
     * @param mtu               bytes of the longest IP packet that is sent
     * @param finishesChecksums whether frames may come with unfinished checksums, as a virtual interface hands them on
     */
    public AfXdpPort(String name, List<XdpSocket> sockets, int mtu, boolean finishesChecksums) {
        this.name = name;
        this.sockets = sockets.toArray(XdpSocket[]::new);
        sender = sockets.getFirst();
        longest = Math.min(mtu + ETHERNET_HEADER, sender.frameCapacity());
        this.finishesChecksums = finishesChecksums;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        if (stays) {
            flush();
        }
        int count = 0;
        // A different socket comes first each time, so that a busy queue does not starve the others.
        for (int i = 0; i < sockets.length && !burst.isFull(); i++) {
            count += receive(sockets[next], burst, pool);
            next = next + 1 == sockets.length ? 0 : next + 1;
        }
        if (++receives == RECEIVES_PER_LOOK) {
            receives = 0;
            reportMissed();
        }
        return count;
    }

    private int receive(XdpSocket socket, Burst burst, PacketPool pool) {
        final int waiting = socket.received();
        if (waiting == 0) {
            socket.pollDriver();
            return 0;
        }
        int taken = 0;
        int count = 0;
        while (taken < waiting && !burst.isFull()) {
            final int length = socket.frameLength(taken);
            if (length < ETHERNET_HEADER) {
                drops.received(DataplaneDrop.FRAME_TRUNCATED, 1, length);
                taken++;
                continue;
            }
            final int handle = pool.acquireFor(length);
            if (handle == PacketPool.NULL_HANDLE) {
                break;
            }
            final long frame = pool.frameAddress(handle);
            OffHeap.copy(socket.frameAddress(taken), frame, length);
            burst.add(handle, frame, length, finishesChecksums ? UnfinishedChecksum.notes(frame, length) : 0);
            taken++;
            count++;
        }
        socket.release(taken);
        return count;
    }

    /** Counts what the kernel has dropped since the last time because the ring was full. */
    void reportMissed() {
        for (final XdpSocket socket : sockets) {
            final long missed = socket.missed();
            if (missed > 0) {
                drops.received(DataplaneDrop.RECEIVE_RING_FULL, missed, 0);
            }
        }
    }

    @Override
    public int transmit(Burst burst) {
        int sent = 0;
        final int size = burst.size();
        for (int i = 0; i < size; i++) {
            final int length = burst.length(i);
            if (length > longest) {
                drops.unsent(DataplaneDrop.DEVICE_REFUSED, length);
            } else if (sender.add(burst.address(i), length)) {
                sent++;
            } else {
                sent -= flush();
                if (sender.add(burst.address(i), length)) {
                    sent++;
                } else {
                    drops.unsent(DataplaneDrop.TRANSMIT_FULL, length);
                }
            }
        }
        return sent - flush();
    }

    /**
     * Has the kernel send.
     *
     * @return frames that are given up because the interface takes none
     */
    private int flush() {
        int refused = 0;
        if (sender.flush() < 0) {
            while (sender.waiting() != 0) {
                drops.unsent(DataplaneDrop.DEVICE_REFUSED, sender.giveUp());
                refused++;
            }
        }
        stays = sender.waiting() != 0;
        return refused;
    }

    @Override
    public void drops(PortDrops target) {
        drops = target;
    }

    @Override
    public boolean files(IntConsumer file) {
        for (final XdpSocket socket : sockets) {
            file.accept(socket.fd());
        }
        return true;
    }

    /** The program and the sockets belong to all workers: who opened the device closes it. */
    @Override
    public void close() {
        stays = false;
    }
}
