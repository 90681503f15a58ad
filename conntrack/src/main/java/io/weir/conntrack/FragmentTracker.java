package io.weir.conntrack;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.Verdict;

/**
 * Lets the later fragments of a datagram follow their first: they get its ports, and so its connection and its decision.
 *
 * <p>A fragment that comes before its first is copied and waits ({@link Verdict#PUNT}: the packet's own slot is free to
 * go); when the first has passed the pipeline, {@link #drain} gives the copies back to be received again. Bytes that have
 * passed never pass twice: a fragment within them is dropped as a duplicate, one that overlaps them in part ends its
 * datagram (RFC 5722; the same for IPv4). Full tables give up their oldest datagram.
 *
 * <p>Fragments are rare and slow by nature, so one lock guards all of this.
 */
public final class FragmentTracker implements AutoCloseable {
    /** Takes what {@link #drain} has to give. */
    public interface Sink {
        /** Receive this frame (again). Its memory is valid until the call returns. */
        void onReady(long address, int length, int ingressPort, int scope, boolean checksumPartial);

        /** A held frame is lost: count it. */
        void onDropped(DropReason reason, int ingressPort, int length);
    }

    private final FragmentTable datagrams;
    private final HeldFrames frames;
    private final int timeoutTicks;
    private volatile int work;
    private volatile int oldestDeadline;

    public FragmentTracker(ConntrackSpec spec) {
        datagrams = new FragmentTable(spec.fragmentDatagrams());
        frames = new HeldFrames(spec.fragmentFrames());
        timeoutTicks = Life.ticks(spec.fragmentTimeout());
    }

    /** Conntrack stage: a fragment without ports looks for its first. CONTINUE when it has its ports now. */
    synchronized Verdict later(Packet packet, Decision decision, int zone) {
        int datagram = datagrams.find(packet, zone);
        if (datagram != FragmentTable.NONE && datagrams.isComplete(datagram)) {
            remove(datagram, DataplaneDrop.FRAGMENT_WITHOUT_FIRST); // its identification is used again
            datagram = FragmentTable.NONE;
        }
        if (datagram == FragmentTable.NONE || !datagrams.hasFirst(datagram)) {
            if (decision.isExplained()) {
                decision.because("the first fragment of the datagram has not been seen: this one has to wait");
            }
            return decision.isDryRun()
                    ? decision.drop(DataplaneDrop.FRAGMENT_WITHOUT_FIRST)
                    : hold(packet, decision, zone, datagram);
        }
        if (packet.protocol() != datagrams.protocol(datagram)) {
            return decision.drop(ConntrackDrop.FRAGMENT_HEADERS);
        }
        final DropReason reason =
                datagrams.cover(datagram, packet, packet.fragmentOffset(), endOf(packet), !decision.isDryRun());
        if (reason != null) {
            return decision.drop(reason);
        }
        packet.ports(datagrams.sourcePort(datagram), datagrams.destinationPort(datagram));
        packet.icmpType(datagrams.icmpType(datagram)); // a question's tuple differs from its answer's
        decision.reset(packet);
        decision.uncacheable();
        if (decision.isExplained()) {
            decision.because("a later fragment: it follows the first, ports " + packet.sourcePort() + " and "
                    + packet.destinationPort());
        }
        return Verdict.CONTINUE;
    }

    /** Conntrack stage: may this first fragment pass? */
    synchronized Verdict mayBegin(Packet packet, Decision decision, int zone) {
        final int datagram = datagrams.find(packet, zone);
        if (datagram == FragmentTable.NONE || datagrams.isComplete(datagram) || !datagrams.hasFirst(datagram)) {
            return Verdict.CONTINUE;
        }
        final DropReason reason = datagrams.cover(datagram, packet, 0, endOf(packet), !decision.isDryRun());
        return reason == null ? Verdict.CONTINUE : decision.drop(reason);
    }

    /** Commit stage: a first fragment has passed; those that follow it may pass, too. */
    synchronized void first(Packet packet, int zone) {
        int datagram = datagrams.find(packet, zone);
        if (datagram != FragmentTable.NONE && datagrams.hasFirst(datagram)) {
            remove(datagram, DataplaneDrop.FRAGMENT_WITHOUT_FIRST);
            datagram = FragmentTable.NONE;
        }
        if (datagram == FragmentTable.NONE) {
            datagram = add(packet, zone);
        }
        datagrams.begin(datagram, packet);
        datagrams.cover(datagram, packet, 0, endOf(packet), true);
        frames.makeReady(datagrams.takeHeld(datagram));
        update();
    }

    private static int endOf(Packet packet) {
        return packet.fragmentOffset() + packet.l3End() - packet.l4Offset();
    }

    private Verdict hold(Packet packet, Decision decision, int zone, int known) {
        final int frame = frames.copy(packet);
        if (frame == HeldFrames.NONE) {
            return decision.drop(DataplaneDrop.FRAGMENT_TABLE_FULL);
        }
        final int datagram = known == FragmentTable.NONE ? add(packet, zone) : known;
        frames.next(frame, datagrams.held(datagram));
        datagrams.held(datagram, frame);
        update();
        return Verdict.PUNT;
    }

    private int add(Packet packet, int zone) {
        if (datagrams.isFull()) {
            remove(datagrams.oldest(), DataplaneDrop.FRAGMENT_TABLE_FULL);
        }
        return datagrams.add(packet, zone, Life.tick(packet.nowNs()) + timeoutTicks);
    }

    private void remove(int datagram, DropReason reason) {
        frames.makeLost(datagrams.takeHeld(datagram), reason);
        datagrams.remove(datagram);
        update();
    }

    private void update() {
        final int oldest = datagrams.oldest();
        oldestDeadline = oldest == FragmentTable.NONE ? 0 : datagrams.deadline(oldest);
        work = (oldest == FragmentTable.NONE ? 0 : 1) | (frames.hasReady() ? 2 : 0);
    }

    /**
     * Any worker, in every duty cycle: gives back the held frames whose first fragment has passed, and those that waited
     * for too long or had to make room.
     *
     * @param limit most frames to give
     * @return frames given
     */
    public int drain(Sink sink, long nowNs, int limit) {
        final int due = work;
        if (due == 0 || (due == 1 && !Life.isDue(Life.word(0, oldestDeadline), Life.tick(nowNs)))) {
            return 0;
        }
        expire(nowNs);
        int given = 0;
        while (given < limit) {
            final int frame = nextReady();
            if (frame == HeldFrames.NONE) {
                break;
            }
            final DropReason lost = frames.lost(frame);
            if (lost != null) {
                sink.onDropped(lost, frames.ingressPort(frame), frames.length(frame));
            } else {
                sink.onReady(
                        frames.address(frame),
                        frames.length(frame),
                        frames.ingressPort(frame),
                        frames.scope(frame),
                        frames.isChecksumPartial(frame));
            }
            free(frame);
            given++;
        }
        return given;
    }

    private synchronized void expire(long nowNs) {
        int oldest = datagrams.oldest();
        while (oldest != FragmentTable.NONE && Life.isDue(Life.word(0, datagrams.deadline(oldest)), Life.tick(nowNs))) {
            remove(oldest, DataplaneDrop.FRAGMENT_WITHOUT_FIRST);
            oldest = datagrams.oldest();
        }
        update();
    }

    private synchronized int nextReady() {
        final int frame = frames.takeReady();
        update();
        return frame;
    }

    private synchronized void free(int frame) {
        frames.free(frame);
    }

    /** Datagrams that are followed now. */
    public synchronized int datagramCount() {
        return datagrams.count();
    }

    /** Frames that wait for their first fragment or to be drained. */
    public synchronized int heldCount() {
        return frames.count();
    }

    /** When no worker uses it any more. */
    @Override
    public synchronized void close() {
        frames.close();
    }
}
