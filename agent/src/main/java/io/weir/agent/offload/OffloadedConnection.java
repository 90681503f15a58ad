package io.weir.agent.offload;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.offload.OffloadCount;
import io.weir.dataplane.offload.OffloadedFlow;
import java.util.List;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/** A connection that the kernel carries: both directions, what they depend on, and how much was carried. */
final class OffloadedConnection {
    private final JudgedDirection original;
    private final JudgedDirection reply;
    private final Ingress one;
    private final Ingress other;
    private final @Nullable TunnelTermination tunnels;
    private OffloadCount originalSeen = OffloadCount.ZERO;
    private OffloadCount replySeen = OffloadCount.ZERO;
    private OffloadCount originalBefore = OffloadCount.ZERO;
    private OffloadCount replyBefore = OffloadCount.ZERO;
    private long sampledNs;
    private long usedNs;

    /** Place in the list of all, kept by the owner of the list. */
    int place;

    /** One direction's difference to what was known before. */
    @FunctionalInterface
    interface Carried {
        void carried(OffloadedFlow flow, boolean isReply, long packets, long bytes);
    }

    /**
     * @param one   the port where the original direction comes in, as it is now
     * @param other the same of the reply direction
     * @param tunnels as they are now; null when it goes by none
     */
    OffloadedConnection(
            JudgedDirection original,
            JudgedDirection reply,
            Ingress one,
            Ingress other,
            @Nullable TunnelTermination tunnels,
            long nowNs) {
        this.original = original;
        this.reply = reply;
        this.one = one;
        this.other = other;
        this.tunnels = tunnels;
        sampledNs = nowNs;
        usedNs = nowNs;
    }

    int connection() {
        return original.connection();
    }

    int generation() {
        return original.generation();
    }

    OffloadedFlow original() {
        return original.flow();
    }

    OffloadedFlow reply() {
        return reply.flow();
    }

    /** Decided by something that changes now. */
    boolean dependsOn(IntHashSet touched) {
        return touched.contains(VersionSlots.EVERYTHING)
                || isTouched(original.slots(), touched)
                || isTouched(reply.slots(), touched);
    }

    private static boolean isTouched(int[] slots, IntHashSet touched) {
        for (final int slot : slots) {
            if (touched.contains(slot)) {
                return true;
            }
        }
        return false;
    }

    boolean uses(int port) {
        return one.port() == port || other.port() == port;
    }

    /** Both ports are the ones that they were, and so are the tunnels, when it needs them. */
    boolean isBetween(List<@Nullable Ingress> ports, @Nullable TunnelTermination tunnelsNow) {
        return ports.get(one.port()) == one
                && ports.get(other.port()) == other
                && (tunnels == null || tunnels == tunnelsNow);
    }

    boolean isSampleDue(long nowNs, long periodNs) {
        return nowNs - sampledNs >= periodNs;
    }

    long idleNs(long nowNs) {
        return nowNs - usedNs;
    }

    /** Takes in what the kernel has counted, and tells what is new. */
    void sample(OffloadCount originalNow, OffloadCount replyNow, long nowNs, Carried consumer) {
        final long news =
                tell(original, originalSeen, originalNow, consumer) + tell(reply, replySeen, replyNow, consumer);
        originalBefore = originalSeen;
        replyBefore = replySeen;
        originalSeen = originalNow;
        replySeen = replyNow;
        sampledNs = nowNs;
        if (news != 0) {
            usedNs = nowNs;
        }
    }

    private static long tell(JudgedDirection direction, OffloadCount before, OffloadCount now, Carried consumer) {
        final long packets = now.packets() - before.packets();
        final long bytes = now.bytes() - before.bytes();
        if (packets != 0) {
            consumer.carried(direction.flow(), direction.isReply(), packets, bytes);
        }
        return packets;
    }

    OffloadedDirection report(boolean isReply, long nowNs) {
        final JudgedDirection direction = isReply ? reply : original;
        final OffloadCount seen = isReply ? replySeen : originalSeen;
        final OffloadCount before = isReply ? replyBefore : originalBefore;
        return new OffloadedDirection(
                direction.flow(),
                connection(),
                generation(),
                isReply,
                seen.packets() - before.packets(),
                seen.bytes() - before.bytes(),
                seen.packets(),
                seen.bytes(),
                idleNs(nowNs) / 1_000_000_000L);
    }
}
