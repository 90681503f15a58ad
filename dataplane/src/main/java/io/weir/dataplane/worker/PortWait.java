package io.weir.dataplane.worker;

import io.weir.dataplane.linux.EventPoll;
import io.weir.dataplane.port.Port;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.IdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * A worker without packets polls on for a moment, lets others use its core between polls for some more, and then waits in the kernel until a port has a packet, a command comes or a
 * timer may be due. For the worker's thread, but for {@link #wake()}.
 */
final class PortWait implements IdleStrategy, AutoCloseable {
    /** What an ordinary worker yields for: a TCP sender's next segment comes within it (measured: bench/RESULTS.md). */
    static final long YIELD_NS = 300_000;

    /** A packet that comes within this time meets a worker that is awake. */
    private static final long POLL_ON_NS = 5_000;

    /** Waits get longer from the first to this, so that an idle worker looks after its timers at little cost. */
    private static final int LONGEST_WAIT_MS = 16;

    /** Between polls of a port that cannot be waited for. */
    private static final long POLL_INTERVAL_NS = TimeUnit.MICROSECONDS.toNanos(100);

    /** A worker that has packets in every turn looks at the clock for its share of the core in every so many, a power of two. */
    private static final int TURNS_PER_LOOK = 16;

    private final EventPoll poll = EventPoll.open();
    private final BooleanSupplier hasCommands;
    private final long awakeNs;
    private final @Nullable RealtimeShare share;
    private int polledPorts;
    private long idleSinceNs;
    private boolean idle;
    private int waitMs = 1;
    private int workedTurns;
    private volatile boolean asleep;

    private PortWait(BooleanSupplier hasCommands, long yieldNs, @Nullable RealtimeShare share) {
        this.hasCommands = hasCommands;
        this.share = share;
        awakeNs = POLL_ON_NS + yieldNs;
    }

    /**
     * For an ordinary worker, which polls between yields for a while before it sleeps.
     *
     * @param hasCommands whether another thread has left the worker something to do
     */
    static PortWait ordinary(BooleanSupplier hasCommands) {
        return new PortWait(hasCommands, YIELD_NS, null);
    }

    /**
     * For a real-time worker: it does not yield, since nobody ordinary would get the core, and it is an ordinary one now and then
     * when it hardly sleeps.
     *
     * @param hasCommands whether another thread has left the worker something to do
     */
    static PortWait realtime(BooleanSupplier hasCommands, RealtimeShare share) {
        return new PortWait(hasCommands, 0, share);
    }

    /** The worker polls this port from now on. */
    void add(Port port) {
        if (!port.files(poll::add)) {
            polledPorts++;
        }
    }

    /** The worker polls this port no more. */
    void remove(Port port) {
        if (!port.files(poll::remove)) {
            polledPorts--;
        }
    }

    @Override
    public void idle(int work) {
        if (work > 0) {
            reset();
            if (share != null && (++workedTurns & TURNS_PER_LOOK - 1) == 0) {
                share.awake(System.nanoTime());
            }
        } else {
            idle();
        }
    }

    @Override
    @SuppressWarnings(
            "ThreadPriorityCheck") // a yield gives the core to a sender that waits for it; correct without one
    public void idle() {
        final long nowNs = System.nanoTime();
        if (share != null) {
            share.awake(nowNs);
        }
        if (!idle) {
            idle = true;
            idleSinceNs = nowNs;
        } else if (nowNs - idleSinceNs < POLL_ON_NS) {
            Thread.onSpinWait();
        } else if (nowNs - idleSinceNs < awakeNs) {
            Thread.yield();
        } else if (polledPorts != 0) {
            LockSupport.parkNanos(POLL_INTERVAL_NS);
        } else {
            sleep();
        }
    }

    private void sleep() {
        asleep = true;
        // Who leaves a command and then sees nobody asleep left it before this, and it is seen here.
        VarHandle.fullFence();
        if (!hasCommands.getAsBoolean()) {
            poll.await(waitMs);
            waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
            if (share != null) {
                share.slept(System.nanoTime());
            }
        }
        asleep = false;
    }

    @Override
    public void reset() {
        idle = false;
        waitMs = 1;
    }

    /** A command was left for the worker. Any thread. */
    void wake() {
        VarHandle.fullFence();
        if (asleep) {
            poll.wake();
        }
    }

    @Override
    public void close() {
        poll.close();
    }
}
