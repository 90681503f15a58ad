package io.weir.bench.device;

import io.weir.dataplane.linux.CpuAffinity;
import io.weir.dataplane.linux.EventPoll;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapQueue;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.worker.WorkerPriority;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Two TAPs in two namespaces, {@code bare-client} and {@code bare-server}, and a thread that passes each frame from one to the
 * other, in the place and with the priority of weir's worker: nobody who forwards by TAPs has less to do.
 */
final class BareTaps implements AutoCloseable {
    static final String CLIENT = "bare-client";
    static final String SERVER = "bare-server";

    private static final String DEVICE = "eth0";
    private static final int LENGTH = TapQueue.MAX_FRAME_LENGTH + TapDevice.VNET_HEADER_LENGTH;

    /** As long as a worker of weir's polls on. */
    private static final long POLL_ON_NS = 5_000;

    private static final int WAIT_MS = 16;

    private final TapDevice client;
    private final TapDevice server;
    private final EventPoll poll = EventPoll.open();
    private final AtomicBoolean isEnding = new AtomicBoolean();
    private final Thread thread;

    private BareTaps(TapDevice client, TapDevice server, int core) {
        this.client = client;
        this.server = server;
        poll.add(client.queue(0).fd());
        poll.add(server.queue(0).fd());
        thread = Thread.ofPlatform().daemon().name("bare-taps").start(() -> {
            CpuAffinity.pinCurrentThread(core);
            MeasuringThread.prefer(WorkerPriority.REALTIME);
            forward();
        });
    }

    /** Makes namespaces and TAPs, and starts the thread on a core. */
    static BareTaps start(BenchNamespaces net, int core) throws IOException, InterruptedException {
        final TapDevice client = open(net, CLIENT, "10.3.0.1/24", "fd00:3::1/64");
        try {
            return new BareTaps(client, open(net, SERVER, "10.3.0.2/24", "fd00:3::2/64"), core);
        } catch (RuntimeException | IOException | InterruptedException e) {
            client.close();
            throw e;
        }
    }

    private static TapDevice open(BenchNamespaces net, String label, String ipv4, String ipv6)
            throws IOException, InterruptedException {
        net.create(label);
        final TapDevice device = TapDevice.open(TapSpec.of(DEVICE, 1), net.namespace(label));
        try {
            net.run(label, "ip", "link", "set", DEVICE, "up");
            net.run(label, "ip", "address", "add", ipv4, "dev", DEVICE);
            net.run(label, "ip", "-6", "address", "add", ipv6, "dev", DEVICE, "nodad");
            return device;
        } catch (IOException | InterruptedException e) {
            device.close();
            throw e;
        }
    }

    static String server(boolean ipv6) {
        return ipv6 ? "fd00:3::2" : "10.3.0.2";
    }

    private void forward() {
        final long memory = OffHeap.allocate(LENGTH);
        long busyNs = System.nanoTime();
        while (!isEnding.get()) {
            final boolean isThere = pass(client.queue(0), server.queue(0), memory);
            final boolean isBack = pass(server.queue(0), client.queue(0), memory);
            if (isThere || isBack) {
                busyNs = System.nanoTime();
            } else if (System.nanoTime() - busyNs > POLL_ON_NS) {
                poll.await(WAIT_MS);
            }
        }
        OffHeap.free(memory);
    }

    /** Passes on what waits, and says whether that was anything. */
    private static boolean pass(TapQueue from, TapQueue to, long memory) {
        int count = 0;
        for (int length = from.read(memory, LENGTH); length > 0; length = from.read(memory, LENGTH)) {
            to.write(memory, length);
            count++;
        }
        return count != 0;
    }

    @Override
    public void close() {
        isEnding.set(true);
        poll.wake();
        boolean isInterrupted = false;
        while (thread.isAlive()) { // its files are closed next
            try {
                thread.join();
            } catch (final InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        poll.close();
        client.close();
        server.close();
    }
}
