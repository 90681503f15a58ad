package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getLong;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.pipeline.DataplaneDrop;
import org.jspecify.annotations.Nullable;

/**
 * Walks over a burst from an uplink in which a packet stands for several: trains of tunnel packets for this node are taken
 * apart on the way, all else passes as it is. Owned by one thread; allocates nothing.
 */
final class BigArrivals {
    private final Transmitter transmitter;
    private @Nullable Burst arrived;
    private @Nullable Ingress ingress;
    private @Nullable TunnelTermination tunnels;
    private @Nullable TunnelTrains open;
    private int index;

    BigArrivals(Transmitter transmitter) {
        this.transmitter = transmitter;
    }

    void open(Burst burst, Ingress from, @Nullable TunnelTermination termination) {
        arrived = burst;
        ingress = from;
        tunnels = termination;
        index = 0;
    }

    /** Adds packets to an empty burst; false when there were none left. */
    boolean fill(Burst target) {
        final Burst burst = arrived;
        while (burst != null && !target.isFull() && (open != null || index < burst.size())) {
            if (open == null) {
                take(burst, index++, target);
            } else if (!open.next(transmitter, target)) {
                open = null;
            }
        }
        return target.size() != 0;
    }

    private void take(Burst burst, int i, Burst target) {
        final int notes = burst.notes(i);
        final int segmentSize = Burst.segmentSizeOf(notes);
        final int tunnelHeader = segmentSize == 0 ? 0 : tunnelHeader(burst.address(i), burst.length(i));
        if ((notes & Burst.TUNNELLED) != 0 && tunnelHeader == 0) {
            // nothing behind this point could make what its sender left undone
            transmitter.drop(burst.handle(i), DataplaneDrop.SEGMENTATION_FAILED);
        } else if ((notes & Burst.TUNNELLED) != 0 || tunnelHeader == 0) {
            target.add(burst.handle(i), burst.address(i), burst.length(i), notes);
        } else {
            final TunnelTrains trains = transmitter.trains();
            if (trains == null) {
                transmitter.drop(burst.handle(i), DataplaneDrop.SEGMENTATION_FAILED);
            } else {
                trains.begin(
                        transmitter, burst.handle(i), burst.address(i), burst.length(i), segmentSize, tunnelHeader);
                open = trains;
            }
        }
    }

    private int tunnelHeader(long frame, int length) {
        final Ingress from = ingress;
        final TunnelTermination termination = tunnels;
        final boolean ours =
                from != null && length >= 42 && (getLong(frame) & from.destinationMask) == from.destinationWord;
        return ours && termination != null ? termination.tunnelHeader(frame, length) : 0;
    }
}
