package io.weir.bench.device;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.PacketSender;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.linux.PacketSocketSpec;
import io.weir.dataplane.memory.OffHeap;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Sends the same frames over and over as fast as one core can, by an AF_PACKET socket that skips the queueing discipline, 64 with
 * one system call. What the interface does not take is offered again.
 */
final class FrameSender implements FrameSource {
    private final PacketSocket socket;
    private final long memory;
    private final int stride;
    private final int count;
    private final int length;
    private final SendingThread thread;
    private volatile long sent;

    /**
     * Starts to send.
     *
     * @param frames of one length
     * @param core   that the sending thread is bound to
     */
    FrameSender(NetworkNamespace namespace, String device, List<byte[]> frames, int core) {
        count = frames.size();
        length = frames.getFirst().length;
        stride = (PacketSocket.VNET_HEADER_LENGTH + length + 63) & -64;
        memory = OffHeap.allocate((long) count * stride);
        for (int i = 0; i < count; i++) {
            OffHeap.copy(frames.get(i), 0, memory + (long) i * stride + PacketSocket.VNET_HEADER_LENGTH, length);
        }
        socket = PacketSocket.open(device, PacketSocketSpec.SEND_ONLY, namespace);
        thread = new SendingThread(core, this::send);
    }

    private void send(BooleanSupplier isEnding) {
        final PacketSender sender = socket.sender();
        int next = 0;
        long total = 0;
        while (!isEnding.getAsBoolean()) {
            while (sender.waiting() < PacketSender.CAPACITY
                    && sender.add(memory + (long) next * stride, PacketSocket.VNET_HEADER_LENGTH + length)) {
                next = next + 1 == count ? 0 : next + 1;
            }
            final int result = sender.flush();
            if (result > 0) {
                total += result;
                sent = total;
            }
        }
    }

    /** Frames that the interface has taken. */
    @Override
    public long sent() {
        return sent;
    }

    @Override
    public void close() {
        thread.end();
        socket.close();
        OffHeap.free(memory);
    }
}
