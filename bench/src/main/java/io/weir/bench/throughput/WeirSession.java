package io.weir.bench.throughput;

import com.sun.management.ThreadMXBean;
import io.weir.bench.experiment.Collections;
import io.weir.bench.experiment.PinnedThread;
import io.weir.dataplane.flow.BurstClock;
import io.weir.dataplane.worker.Worker;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * A scenario that is built and can be run again and again: by one thread on its core when it has one worker, by the workers'
 * own threads otherwise. The caller waits meanwhile.
 */
public final class WeirSession implements AutoCloseable {
    private static final int STEPS_PER_LOOK = 64;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final String name;
    private final int packets;
    private final Workers workers;
    private final PinnedThread thread;
    private final long threadId;
    private final Rig rig;
    private final Generator generator;
    private final IntSupplier step;
    private long allocatedBytes;
    private long collections;
    private double cpuSeconds;
    private long cacheMisses;

    /**
     * @param workers the single one's core is the one that the measuring thread is put on
     */
    public WeirSession(Scenario scenario, Traffic traffic, Workers workers) throws InterruptedException {
        name = scenario.name();
        this.workers = workers;
        thread = new PinnedThread(workers.firstCore());
        threadId = thread.call(() -> Thread.currentThread().threadId());
        final List<byte[]> frames = scenario.frames(traffic);
        packets = frames.size();
        generator = new Generator(frames);
        rig = scenario.build(traffic, workers);
        step = rig::step;
        if (traffic.tcp() && workers.count() == 1) {
            thread.call(() -> {
                Handshakes.hold(rig, frames);
                return frames.size();
            });
        }
    }

    /** Lets it learn its flows, see {@link Learning}, and the compiler its code; nothing of this counts. */
    public void warmUp(double seconds) throws InterruptedException {
        generatorRun(Math.min(1, seconds / 4));
        new Learning(rig, packets).await(seconds, this::run);
        allocatedBytes = 0;
        collections = 0;
        cpuSeconds = 0;
        cacheMisses = 0;
    }

    /**
     * Forwards for a while.
     *
     * @return millions of packets a second
     * @throws IllegalStateException when packets were lost: then the figure would mean nothing
     */
    public double run(double seconds) throws InterruptedException {
        return workers.count() == 1 ? thread.call(() -> measured(seconds)) : measured(seconds);
    }

    private double measured(double seconds) throws InterruptedException {
        final long[] threads = threads();
        final long missesBefore = rig.pipelineRuns();
        final long receivedBefore = rig.received();
        final long forwardedBefore = rig.forwarded();
        final long collectionsBefore = Collections.soFar();
        final double cpuBefore = cpu(threads);
        final long allocatedBefore = allocated(threads);
        final double rate = forward(seconds);
        final long bytes = allocated(threads) - allocatedBefore;
        cpuSeconds += cpu(threads) - cpuBefore;
        collections += Collections.soFar() - collectionsBefore;
        final long forwarded = rig.forwarded() - forwardedBefore;
        final long received = rig.received() - receivedBefore;
        allocatedBytes += Math.max(0, bytes - ownAllocation(threads));
        cacheMisses += rig.pipelineRuns() - missesBefore;
        if (Math.abs(forwarded - received) > (workers.count() - 1L) * 4 * Rig.BURST) {
            throw new IllegalStateException(name + " forwarded " + forwarded + " of " + received + " packets");
        }
        return rate;
    }

    /**
     * Forwards for a while with a stop watch in the hand of the single worker.
     *
     * @return millions of packets a second
     */
    public double timedRun(double seconds, BurstClock clock) throws InterruptedException {
        final Worker worker = rig.dataplane().workers().getFirst();
        worker.clock(clock);
        try {
            return run(seconds);
        } finally {
            worker.clock(null);
        }
    }

    /** What copying the packets in and discarding them costs alone, in millions of packets a second of one thread. */
    public double generatorRun(double seconds) throws InterruptedException {
        return thread.call(() -> timed(generator::step, seconds));
    }

    private double forward(double seconds) throws InterruptedException {
        if (workers.count() == 1) {
            return timed(step, seconds);
        }
        final long before = rig.forwarded();
        final long start = System.nanoTime();
        Thread.sleep((long) (seconds * 1000));
        final long after = rig.forwarded();
        return (after - before) * 1e3 / (System.nanoTime() - start);
    }

    /** Steps for a while; millions of packets a second. */
    private static double timed(IntSupplier step, double seconds) {
        final long start = System.nanoTime();
        final long end = start + (long) (seconds * 1e9);
        long packets = 0;
        long now = start;
        while (now < end) {
            for (int i = 0; i < STEPS_PER_LOOK; i++) {
                packets += step.getAsInt();
            }
            now = System.nanoTime();
        }
        return packets * 1e3 / (now - start);
    }

    /** Heap bytes that the forwarding threads have allocated in all runs. */
    public long allocatedBytes() {
        return allocatedBytes;
    }

    /** Garbage collections in all runs. */
    public long collections() {
        return collections;
    }

    /** CPU time of the forwarding threads in all runs. */
    public double cpuSeconds() {
        return cpuSeconds;
    }

    /** Packets that the flow cache did not know in all runs. */
    public long cacheMisses() {
        return cacheMisses;
    }

    Rig rig() {
        return rig;
    }

    private long[] threads() {
        if (workers.count() == 1) {
            return new long[] {threadId};
        }
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("weir-worker-"))
                .mapToLong(Thread::threadId)
                .toArray();
    }

    private static double cpu(long[] threads) {
        return Arrays.stream(THREADS.getThreadCpuTime(threads)).sum() / 1e9;
    }

    private static long allocated(long[] threads) {
        long sum = 0;
        for (final long thread : threads) {
            // asked for several threads at once, it would allocate
            sum += THREADS.getThreadAllocatedBytes(thread);
        }
        return sum;
    }

    /** What two looks at the counters allocate themselves. */
    private static long ownAllocation(long[] threads) {
        final long before = allocated(threads);
        return allocated(threads) - before;
    }

    @Override
    public void close() {
        rig.close();
        generator.close();
        thread.close();
    }
}
