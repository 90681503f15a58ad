package io.weir.tools.replay;

import io.weir.dataplane.port.FaultSpec;
import io.weir.dataplane.port.Faults;
import io.weir.tools.capture.CaptureReader;
import io.weir.tools.capture.CapturedPacket;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The packets of a capture after a bad wire. A lost packet still comes, marked as such, so that its outcome can be told; a
 * double has the number of its original; an overtaken packet comes after the next one.
 */
final class FaultyCapture {
    private final CaptureReader reader;
    private final Faults faults;
    private final ArrayDeque<CapturedPacket> ahead = new ArrayDeque<>();
    private boolean lost;

    FaultyCapture(CaptureReader reader, FaultSpec spec) {
        this.reader = reader;
        faults = new Faults(spec);
    }

    /** The next packet, or null at the capture's end. */
    @Nullable
    CapturedPacket next() {
        lost = false;
        final CapturedPacket waiting = ahead.poll();
        if (waiting != null) {
            return waiting;
        }
        final CapturedPacket packet = reader.next();
        if (packet == null) {
            return null;
        }
        lost = faults.loses();
        if (lost) {
            return packet;
        }
        final CapturedPacket changed = change(packet);
        if (faults.duplicates()) {
            ahead.add(changed);
        }
        if (faults.reorders()) {
            final CapturedPacket follower = reader.next();
            if (follower != null) {
                ahead.addFirst(changed);
                return change(follower);
            }
        }
        return changed;
    }

    /** Whether the wire lost the packet that was returned last. */
    boolean isLost() {
        return lost;
    }

    private CapturedPacket change(CapturedPacket packet) {
        final int left = faults.lengthLeft(packet.bytes().length);
        final int bit = faults.corruptedBit(left);
        if (left == packet.bytes().length && bit == Faults.NONE) {
            return packet;
        }
        final byte[] bytes = Arrays.copyOf(packet.bytes(), left);
        if (bit != Faults.NONE) {
            bytes[bit >>> 3] ^= (byte) (1 << (bit & 7));
        }
        return new CapturedPacket(packet.number(), packet.timeNs(), bytes, packet.originalLength());
    }
}
