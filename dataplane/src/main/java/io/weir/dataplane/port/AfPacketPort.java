package io.weir.dataplane.port;

import io.weir.dataplane.linux.PacketCalls;
import io.weir.dataplane.linux.PacketReceiveRing;
import io.weir.dataplane.linux.PacketSender;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import java.util.function.IntConsumer;

/**
 * An AF_PACKET socket: frames are copied out of its receive ring (big ones out of the socket) into slots of the pool, and sent from the slots with
 * one system call for up to {@link PacketSender#CAPACITY} (measured: 0.1 µs to receive and 1.6 µs to send a 64-byte frame
 * through a veth; the transmit ring takes as long and costs a copy more).
 *
 * <p>An IEEE 802.1Q tag that the kernel took out of a received frame is put back.
 */
public final class AfPacketPort implements Port {
    private static final int MAC_ADDRESSES = 12;
    private static final int VLAN_TAG = 4;
    private static final int LONGEST_FRAME = PacketPool.BIG_FRAME_CAPACITY - VLAN_TAG;

    /** How often the kernel is asked what it dropped. */
    private static final int RECEIVES_PER_LOOK = 1024;

    private final String name;
    private final PacketSocket socket;
    private final PacketReceiveRing ring;
    private final PacketSender sender;

    /** Whether the ring's cursor stands on a frame for which no slot was free. */
    private boolean waiting;

    private PortDrops drops = PortDrops.NONE;
    private int receives;

    /** A port on a socket, which is closed with it. */
    public AfPacketPort(String name, PacketSocket socket) {
        this.name = name;
        this.socket = socket;
        ring = socket.receiveRing();
        sender = socket.sender();
    }

    @Override
    public String name() {
        return name;
    }

    /** The socket. */
    public PacketSocket socket() {
        return socket;
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        int count = 0;
        while (!burst.isFull() && (waiting || ring.next())) {
            waiting = false;
            final int length = ring.originalLength();
            final boolean queued = ring.isQueued();
            if (!isReceivable(length, queued)) {
                continue;
            }
            final int tag = ring.hasVlanTag() ? VLAN_TAG : 0;
            final int handle = pool.acquireFor(length + tag);
            if (handle == PacketPool.NULL_HANDLE) {
                waiting = true;
                break;
            }
            final long frame = pool.frameAddress(handle);
            final int notes = queued ? fetch(frame + tag, length) : copy(frame + tag, length);
            if (notes == OffloadHeader.UNUSABLE) {
                drops.received(DataplaneDrop.OFFLOAD_HEADER_INVALID, 1, length);
                pool.release(handle);
                continue;
            }
            if (tag != 0) {
                OffHeap.copy(frame + tag, frame, MAC_ADDRESSES);
                OffHeap.putIntBigEndian(frame + MAC_ADDRESSES, ring.vlanTag());
            }
            burst.add(handle, frame, length + tag, notes);
            count++;
        }
        if (waiting) {
            ring.releaseAllButLast();
        } else {
            ring.release();
        }
        if (++receives == RECEIVES_PER_LOOK) {
            receives = 0;
            reportMissed();
        }
        return count;
    }

    /** Accounts for a frame that cannot be had whole. */
    private boolean isReceivable(int length, boolean queued) {
        if (queued && length > LONGEST_FRAME) {
            ring.readQueued(ring.vnetHeaderAddress(), OffloadHeader.LENGTH);
            drops.received(DataplaneDrop.FRAME_TOO_BIG, 1, length);
            return false;
        }
        if (!queued && ring.frameLength() < length) {
            drops.received(DataplaneDrop.RECEIVE_RING_FULL, 1, length);
            return false;
        }
        if (length < MAC_ADDRESSES + 2) {
            drops.received(DataplaneDrop.FRAME_TRUNCATED, 1, length);
            return false;
        }
        return true;
    }

    /** Copies a frame out of the ring; what its header says. */
    private int copy(long target, int length) {
        final long source = ring.frameAddress();
        final int notes = notes(source, length);
        OffHeap.copy(source, target, length);
        return notes;
    }

    /** Fetches a frame that did not fit its place in the ring; what its header says. */
    private int fetch(long target, int length) {
        final int expected = OffloadHeader.LENGTH + length;
        return ring.readQueued(target - OffloadHeader.LENGTH, expected) == expected
                ? notes(target, length)
                : OffloadHeader.UNUSABLE;
    }

    private static int notes(long frame, int length) {
        final long header = frame - OffloadHeader.LENGTH;
        final int notes = OffloadHeader.notes(header, frame, length);
        return notes == OffloadHeader.UNUSABLE ? OffloadHeader.tunnelNotes(header, frame, length) : notes;
    }

    /** Counts what the kernel has dropped since the last time because the ring was full. */
    void reportMissed() {
        final long missed = socket.missed();
        if (missed > 0) {
            drops.received(DataplaneDrop.RECEIVE_RING_FULL, missed, 0);
        }
    }

    @Override
    public int transmit(Burst burst) {
        int sent = 0;
        int size = burst.size();
        for (int i = 0; i < size; i++) {
            long frame = burst.address(i);
            int length = burst.length(i);
            long header = frame - OffloadHeader.LENGTH;
            if (!OffloadHeader.write(header, frame, length, burst.notes(i))) {
                drops.unsent(DataplaneDrop.DEVICE_REFUSED, length);
            } else if (!sender.add(header, OffloadHeader.LENGTH + length)) {
                sent += flush();
                sender.add(header, OffloadHeader.LENGTH + length);
            }
        }
        return sent + flush();
    }

    @Override
    public void drops(PortDrops target) {
        drops = target;
    }

    @Override
    public boolean takesBigPackets() {
        return true;
    }

    @Override
    public boolean files(IntConsumer file) {
        file.accept(socket.fd());
        return true;
    }

    @Override
    public void close() {
        socket.close();
    }

    /** Sends all that was added; what the kernel refuses is given up, so that nothing stays in slots. */
    private int flush() {
        int sent = 0;
        while (sender.waiting() != 0) {
            int result = sender.flush();
            if (result > 0) {
                sent += result;
            } else if (result == PacketCalls.WOULD_BLOCK || result == PacketCalls.NO_BUFFERS || result == 0) {
                while (sender.waiting() != 0) {
                    giveUp(DataplaneDrop.TRANSMIT_FULL);
                }
            } else {
                giveUp(DataplaneDrop.DEVICE_REFUSED);
            }
        }
        return sent;
    }

    private void giveUp(DataplaneDrop reason) {
        drops.unsent(reason, sender.waitingLength() - OffloadHeader.LENGTH);
        sender.skip();
    }
}
