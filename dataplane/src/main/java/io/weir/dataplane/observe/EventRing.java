package io.weir.dataplane.observe;

import static io.weir.dataplane.memory.OffHeap.copy;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putLongOpaque;
import static io.weir.dataplane.memory.OffHeap.putLongRelease;
import static io.weir.dataplane.memory.OffHeap.putShort;

import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.RuleNote;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One worker's last events in a mapped file, see {@link EventLayout}. Each reason may write a few records per eighth of a
 * second and is then only counted, so that a flood of one reason costs a comparison a packet and leaves the others visible.
 */
final class EventRing implements PacketEvents {
    /** Records per reason in a window of 2^27 ns. */
    private static final int BUDGET = 8;

    private static final int WINDOW_SHIFT = 27;

    private static final byte[] BETWEEN = {';', ' '};

    private final long ring;
    private final long clockOffsetNs;
    private final byte[] left = new byte[DropReason.ID_LIMIT];
    private long window = Long.MIN_VALUE;
    private long written;

    /**
     * @param ring          address of the ring's header
     * @param clockOffsetNs what to add to the workers' clock for ns since 1970
     */
    EventRing(long ring, long clockOffsetNs) {
        this.ring = ring;
        this.clockOffsetNs = clockOffsetNs;
    }

    @Override
    public void dropped(int reasonId, int port, long frame, int length, @Nullable Decision decision, long nowNs) {
        record(EventKind.DROPPED, reasonId, port, frame, length, decision, nowNs);
    }

    @Override
    public void newFlow(int port, long frame, int length, Decision decision, long nowNs) {
        record(EventKind.NEW_FLOW, 0, port, frame, length, decision, nowNs);
    }

    private void record(
            EventKind kind, int reasonId, int port, long frame, int length, @Nullable Decision decision, long nowNs) {
        final long now = nowNs >>> WINDOW_SHIFT;
        if (now != window) {
            window = now;
            Arrays.fill(left, (byte) BUDGET);
        }
        if (left[reasonId] == 0) {
            putLongOpaque(ring + EventLayout.LEFT_OUT, getLong(ring + EventLayout.LEFT_OUT) + 1);
            return;
        }
        left[reasonId]--;
        final long at = ring
                + EventLayout.RING_HEADER_LENGTH
                + EventLayout.RECORD_LENGTH * (written & (EventLayout.RECORDS - 1));
        putLongOpaque(at + EventLayout.NUMBER, 0);
        VarHandle.storeStoreFence();
        putLong(at + EventLayout.TIME, nowNs + clockOffsetNs);
        putShort(at + EventLayout.KIND, (short) kind.id());
        putShort(at + EventLayout.REASON, (short) reasonId);
        putInt(at + EventLayout.PORT, port);
        putInt(at + EventLayout.FRAME_LENGTH, length);
        final int captured = Math.min(length, EventLayout.MAX_CAPTURED);
        putInt(at + EventLayout.CAPTURED, captured);
        copy(frame, at + EventLayout.BYTES, captured);
        int ruleLength = 0;
        if (decision != null) {
            // the last rule is the one that denied: it must not be cut off
            final boolean lastFirst = kind == EventKind.DROPPED;
            ruleLength =
                    append(lastFirst ? decision.secondRule() : decision.firstRule(), at + EventLayout.RULE, ruleLength);
            ruleLength =
                    append(lastFirst ? decision.firstRule() : decision.secondRule(), at + EventLayout.RULE, ruleLength);
        }
        putInt(at + EventLayout.RULE_LENGTH, ruleLength);
        written++;
        putLongRelease(at + EventLayout.NUMBER, written);
        putLongRelease(ring + EventLayout.WRITTEN, written);
    }

    /** Bytes of text after it. */
    private static int append(@Nullable RuleNote rule, long text, int before) {
        if (rule == null) {
            return before;
        }
        int length = before;
        if (before > 0 && before + BETWEEN.length <= EventLayout.MAX_RULE) {
            copy(BETWEEN, 0, text + before, BETWEEN.length);
            length += BETWEEN.length;
        }
        final byte[] bytes = rule.bytes();
        final int fitting = Math.min(bytes.length, EventLayout.MAX_RULE - length);
        copy(bytes, 0, text + length, fitting);
        return length + fitting;
    }
}
