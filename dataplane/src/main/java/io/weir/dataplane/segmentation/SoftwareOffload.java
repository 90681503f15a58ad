package io.weir.dataplane.segmentation;

import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.flow.TunnelTrains;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;

/**
 * Stands in for what a port or a tunnel can't do by itself: cuts big packets, completes checksums, and merges segments for
 * ports that take big packets. One per worker.
 */
public final class SoftwareOffload implements Transmitter.Offload {
    private static final int ETHERNET = 14;

    private final Segmenter segmenter = new Segmenter();
    private final Coalescer coalescer = new Coalescer();
    private final TrainSplitter splitter = new TrainSplitter();

    @Override
    public void send(Transmitter transmitter, int port, int handle, long frame, int length, int notes) {
        if (Burst.segmentSizeOf(notes) != 0) {
            segmenter.send(transmitter, port, handle, frame, length, Burst.segmentSizeOf(notes));
        } else if (PartialChecksum.complete(frame + ETHERNET, length - ETHERNET)) {
            transmitter.send(port, handle, frame, length, 0);
        } else {
            transmitter.drop(handle, DataplaneDrop.SEGMENTATION_FAILED);
        }
    }

    @Override
    public void sendTunnelled(
            Transmitter transmitter, long adjacency, int handle, long ip, int ipLength, int notes, int hash) {
        if (Burst.segmentSizeOf(notes) != 0) {
            segmenter.sendVia(transmitter, adjacency, handle, ip, ipLength, Burst.segmentSizeOf(notes), hash);
        } else if (PartialChecksum.complete(ip, ipLength)) {
            transmitter.sendVia(adjacency, handle, ip, ipLength, 0, hash);
        } else {
            transmitter.drop(handle, DataplaneDrop.SEGMENTATION_FAILED);
        }
    }

    @Override
    public TunnelTrains trains() {
        return splitter;
    }

    @Override
    public void coalesce(Burst burst, PacketPool pool) {
        coalescer.coalesce(burst, pool);
    }
}
