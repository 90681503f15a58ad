package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.DropReason;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Copies of frames that wait, in a fixed slab of memory outside the heap. Not thread-safe. */
final class HeldFrames implements AutoCloseable {
    static final int NONE = -1;

    /** A jumbo frame. The kernel gives memory only for the pages that are used. */
    static final int FRAME_LENGTH = 9_344;

    private final long slab;
    private final int capacity;
    private final int[] next;
    private final int[] lengths;
    private final int[] ingressPorts;
    private final int[] scopes;
    private final boolean[] checksumPartial;
    private final @Nullable DropReason[] lost;
    private int free;
    private int readyHead = NONE;
    private int readyTail = NONE;
    private int count;

    HeldFrames(int capacity) {
        this.capacity = capacity;
        slab = OffHeap.allocate((long) capacity * FRAME_LENGTH);
        next = new int[capacity];
        lengths = new int[capacity];
        ingressPorts = new int[capacity];
        scopes = new int[capacity];
        checksumPartial = new boolean[capacity];
        lost = new @Nullable DropReason[capacity];
        Arrays.setAll(next, i -> i + 1 == capacity ? NONE : i + 1);
    }

    /** {@link #NONE} when there is no room, or the frame is too long. */
    int copy(Packet packet) {
        if (free == NONE || packet.length() > FRAME_LENGTH) {
            return NONE;
        }
        final int frame = free;
        free = next[frame];
        next[frame] = NONE;
        OffHeap.copy(packet.address(), address(frame), packet.length());
        lengths[frame] = packet.length();
        ingressPorts[frame] = packet.ingressPort();
        scopes[frame] = packet.scope();
        checksumPartial[frame] = packet.isChecksumPartial();
        count++;
        return frame;
    }

    long address(int frame) {
        return slab + (long) frame * FRAME_LENGTH;
    }

    int length(int frame) {
        return lengths[frame];
    }

    int ingressPort(int frame) {
        return ingressPorts[frame];
    }

    int scope(int frame) {
        return scopes[frame];
    }

    boolean isChecksumPartial(int frame) {
        return checksumPartial[frame];
    }

    /** Why the frame was given up; null when it is to be received again. */
    @Nullable
    DropReason lost(int frame) {
        return lost[frame];
    }

    void next(int frame, int follower) {
        next[frame] = follower;
    }

    /** Queues a list of frames to be received again; it was built newest first. */
    void makeReady(int newest) {
        int reversed = NONE;
        for (int frame = newest; frame != NONE; ) {
            final int older = next[frame];
            next[frame] = reversed;
            reversed = frame;
            frame = older;
        }
        queue(reversed);
    }

    void makeLost(int list, DropReason reason) {
        for (int frame = list; frame != NONE; frame = next[frame]) {
            lost[frame] = reason;
        }
        queue(list);
    }

    private void queue(int list) {
        if (list == NONE) {
            return;
        }
        if (readyTail == NONE) {
            readyHead = list;
        } else {
            next[readyTail] = list;
        }
        int last = list;
        while (next[last] != NONE) {
            last = next[last];
        }
        readyTail = last;
    }

    boolean hasReady() {
        return readyHead != NONE;
    }

    /** The frame stays in use until {@link #free}. */
    int takeReady() {
        final int frame = readyHead;
        if (frame != NONE) {
            readyHead = next[frame];
            if (readyHead == NONE) {
                readyTail = NONE;
            }
            next[frame] = NONE;
        }
        return frame;
    }

    void free(int frame) {
        lost[frame] = null;
        next[frame] = free;
        free = frame;
        count--;
    }

    int count() {
        return count;
    }

    int capacity() {
        return capacity;
    }

    @Override
    public void close() {
        OffHeap.free(slab);
    }
}
