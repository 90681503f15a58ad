package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * The flows of one worker that carry so much that the kernel may be worth having carry them: a bounded queue from the worker
 * to the control thread, without allocation. A flow is told of about once a second as long as it carries enough; who finds
 * the queue full is lost and counted.
 */
public final class OffloadCandidates {
    /** Takes flows out of the queue. */
    @FunctionalInterface
    public interface Reader {
        /**
         * A flow carries much.
         *
         * @param key        of the direction that carries much
         * @param connection index in connection tracking
         * @param generation of the connection when the flow's decision was remembered
         * @param isReply    runs against the connection's first direction
         */
        void onCandidate(OffloadKey key, int connection, int generation, boolean isReply);
    }

    private static final int CAPACITY = 32 * 1024;
    private static final int TYPE = 1;
    private static final int LENGTH = 48;

    private static final int SOURCE = 0;
    private static final int DESTINATION = 16;
    private static final int PORTS = 32;
    private static final int SCOPE = 36;
    private static final int CONNECTION = 40;
    private static final int GENERATION = 44;

    /** Above the scope in its field. */
    private static final int REPLY = 1 << 16;

    private final int threshold;
    private final OneToOneRingBuffer ring = new OneToOneRingBuffer(
            new UnsafeBuffer(ByteBuffer.allocateDirect(CAPACITY + RingBufferDescriptor.TRAILER_LENGTH)));
    private final AtomicLong lost = new AtomicLong();

    /** @param threshold bytes that a flow has to carry within a tick of about a second */
    public OffloadCandidates(int threshold) {
        this.threshold = threshold;
    }

    /** Worker: a big packet of the flow was counted. */
    void counted(long entry, int bytesOffset, int length) {
        final int bytes = getInt(entry + bytesOffset);
        if (Integer.compareUnsigned(bytes, threshold) >= 0 && Integer.compareUnsigned(bytes - length, threshold) < 0) {
            offer(entry);
        }
    }

    /** Worker: the tick of a flow is over, its counts are still there. */
    void ticked(long entry, int bytesOffset) {
        if (Integer.compareUnsigned(getInt(entry + bytesOffset), threshold) >= 0) {
            offer(entry);
        }
    }

    private void offer(long entry) {
        final int flags = FlowEntry.flags(FlowEntry.action(entry));
        final int scope = (int) (getLong(entry) >>> 48) & 0xFFFF;
        if ((flags & FlowEntry.DROP) != 0
                || (flags & FlowEntry.TRACKED) == 0
                || FlowEntry.protocol(entry) != PacketParser.PROTOCOL_TCP) {
            return;
        }
        final int index = ring.tryClaim(TYPE, LENGTH);
        if (index < 0) {
            lost.setRelease(lost.getPlain() + 1);
            return;
        }
        final AtomicBuffer buffer = ring.buffer();
        if ((flags & FlowEntry.IPV6) != 0) {
            final long at = entry + FlowEntry.IPV6_ADDRESSES;
            buffer.putLong(index + SOURCE, getLongBigEndian(at));
            buffer.putLong(index + SOURCE + 8, getLongBigEndian(at + 8));
            buffer.putLong(index + DESTINATION, getLongBigEndian(at + 16));
            buffer.putLong(index + DESTINATION + 8, getLongBigEndian(at + 24));
        } else {
            final long at = entry + FlowEntry.IPV4_ADDRESSES;
            buffer.putLong(index + SOURCE, 0);
            buffer.putLong(index + SOURCE + 8, IpAddress.IPV4_MARK | (getIntBigEndian(at) & 0xFFFF_FFFFL));
            buffer.putLong(index + DESTINATION, 0);
            buffer.putLong(index + DESTINATION + 8, IpAddress.IPV4_MARK | (getIntBigEndian(at + 4) & 0xFFFF_FFFFL));
        }
        buffer.putInt(index + PORTS, getShortBigEndian(entry) << 16 | getShortBigEndian(entry + 2));
        buffer.putInt(index + SCOPE, (flags & FlowEntry.REPLY) != 0 ? scope | REPLY : scope);
        buffer.putInt(index + CONNECTION, FlowEntry.connection(entry));
        buffer.putInt(index + GENERATION, FlowEntry.generation(entry));
        ring.commit(index);
    }

    /** Control thread: hands over up to {@code limit} flows. */
    public int drain(Reader reader, int limit) {
        return ring.read(
                (type, buffer, index, length) -> {
                    final int ports = buffer.getInt(index + PORTS);
                    final int scope = buffer.getInt(index + SCOPE);
                    reader.onCandidate(
                            new OffloadKey(
                                    scope & 0xFFFF,
                                    new IpAddress(buffer.getLong(index + SOURCE), buffer.getLong(index + SOURCE + 8)),
                                    new IpAddress(
                                            buffer.getLong(index + DESTINATION),
                                            buffer.getLong(index + DESTINATION + 8)),
                                    ports >>> 16,
                                    ports & 0xFFFF),
                            buffer.getInt(index + CONNECTION),
                            buffer.getInt(index + GENERATION),
                            (scope & REPLY) != 0);
                },
                limit);
    }

    /** Flows that found the queue full. Any thread. */
    public long lost() {
        return lost.getAcquire();
    }
}
