package io.weir.bench.device;

import io.weir.dataplane.linux.CpuAffinity;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** Two sockets in two namespaces, and whatever forwards between them. */
final class DatagramPath implements AutoCloseable {
    /** 22 bytes make a frame of 64. */
    private static final int PAYLOAD = 22;

    private static final int PORT = 5010;
    private static final long LONGEST_NS = 10_000_000_000L;

    /** How long the last datagrams are waited for. */
    private static final long GRACE_NS = 100_000_000L;

    /** The measuring thread spins; rests between pieces let everybody else on its core get on. */
    private static final double PIECE_S = 0.25;

    private static final long REST_NS = 150_000_000L;

    /** At the beginning of each piece. */
    private static final double LEAD_S = 0.005;

    private final DatagramChannel sender;
    private final DatagramChannel receiver;
    private final ByteBuffer out = ByteBuffer.allocateDirect(PAYLOAD);
    private final ByteBuffer in = ByteBuffer.allocateDirect(PAYLOAD);

    private DatagramPath(DatagramChannel sender, DatagramChannel receiver) {
        this.sender = sender;
        this.receiver = receiver;
    }

    static DatagramPath open(BenchNamespaces net, String from, String to, String address)
            throws IOException, InterruptedException {
        net.run(from, "ping", "-c", "1", "-W", "5", address); // neighbours are known after it
        final InetSocketAddress server =
                new InetSocketAddress(IpAddress.parse(address).toInetAddress(), PORT);
        final DatagramChannel receiver =
                net.namespace(to).call(() -> DatagramChannel.open().bind(server));
        final DatagramChannel sender =
                net.namespace(from).call(() -> DatagramChannel.open().connect(server));
        receiver.connect(sender.getLocalAddress());
        receiver.configureBlocking(false);
        return new DatagramPath(sender, receiver);
    }

    /**
     * Sends at a steady rate for a while, in pieces.
     *
     * @param core that the measuring thread, a new one, is bound to
     */
    DatagramRun run(int rate, double seconds, int core) throws IOException, InterruptedException {
        final DatagramRun[] result = new DatagramRun[1];
        final Exception[] problem = new Exception[1];
        final Thread thread = Thread.ofPlatform().name("datagrams").start(() -> {
            try {
                CpuAffinity.pinCurrentThread(core);
                result[0] = exchange(rate, seconds);
            } catch (final IOException | RuntimeException e) {
                problem[0] = e;
            }
        });
        thread.join();
        if (problem[0] instanceof IOException e) {
            throw e;
        }
        if (problem[0] instanceof RuntimeException e) {
            throw e;
        }
        return result[0];
    }

    private DatagramRun exchange(int rate, double seconds) throws IOException {
        final Histogram delays = new Histogram(LONGEST_NS, 3);
        final long count = (long) (rate * seconds);
        long pausedNs = 0;
        long lastedNs = 0;
        for (long done = 0; done < count; ) {
            final long piece = Math.min(count - done, Math.max((long) (rate * PIECE_S), 1));
            final long startNs = System.nanoTime();
            pausedNs += exchange(1_000_000_000L / rate, (long) (rate * LEAD_S), piece, delays);
            lastedNs += System.nanoTime() - startNs;
            done += piece;
            LockSupport.parkNanos(REST_NS);
        }
        return new DatagramRun(delays, count, pausedNs, lastedNs);
    }

    /**
     * Sends without a break.
     *
     * @param lead datagrams ahead that don't count: all caches are warm after them
     * @return nanoseconds for which this thread was off its core
     */
    private long exchange(long intervalNs, long lead, long count, Histogram delays) throws IOException {
        final long startNs = System.nanoTime();
        long sent = 0;
        long received = 0;
        long lastNs = startNs;
        long turnNs = startNs;
        long pausedNs = 0;
        while (received < lead + count && (sent < lead + count || System.nanoTime() - lastNs < GRACE_NS)) {
            final long dueNs = startNs + sent * intervalNs;
            final long nowNs = System.nanoTime();
            pausedNs += nowNs - turnNs < DatagramRun.PAUSE_NS ? 0 : nowNs - turnNs;
            turnNs = nowNs;
            if (sent < lead + count && nowNs - dueNs >= 0) {
                out.clear();
                out.putLong(0, dueNs);
                out.putLong(Long.BYTES, sent < lead ? 0 : startNs);
                sender.write(out);
                sent++;
            }
            in.clear();
            while (receiver.read(in) > 0) {
                lastNs = System.nanoTime();
                if (in.getLong(Long.BYTES) == startNs) { // else it led, or it is late from before
                    delays.recordValue(Math.clamp(lastNs - in.getLong(0), 0, LONGEST_NS));
                }
                received++;
                in.clear();
            }
        }
        return pausedNs;
    }

    @Override
    public void close() throws IOException {
        sender.close();
        receiver.close();
    }
}
