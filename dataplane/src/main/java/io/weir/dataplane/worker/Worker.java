package io.weir.dataplane.worker;

import io.weir.dataplane.flow.BurstClock;
import io.weir.dataplane.flow.FastPath;
import io.weir.dataplane.flow.FlowCache;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.OffloadCandidates;
import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.flow.PacketListener;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Resumption;
import io.weir.dataplane.flow.SlowPath;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.flow.TunnelTally;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.port.Port;
import java.util.Queue;
import java.util.function.UnaryOperator;
import org.agrona.CloseHelper;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;
import org.jctools.queues.SpscArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * One thread's worth of forwarding: polls its ports, runs each burst to completion, sends. Owns its packet pool, flow cache
 * and counters; shares only what a {@link Snapshot} leads to. Single-stepped by calling {@link #doWork()}.
 *
 * <p>Commands come through {@link WorkerProxy}; methods called {@code onX} run on the worker's thread.
 */
public final class Worker implements Agent, AutoCloseable {
    /** Entries of the flow cache that are looked at for idleness in a turn without packets, and in every 64th turn. */
    private static final int SWEEP_ENTRIES = 64;

    /** Ticks of about a second after which an unused flow is forgotten. */
    private static final int IDLE_TICKS = 300;

    private static final int COMMAND_CAPACITY = 1024;
    private static final int COMMANDS_PER_TURN = 16;

    private final int id;
    private final NanoClock clock;
    private final PathCounters counters;
    private final PacketPool pool;
    private final FlowCache cache;
    private final Transmitter transmitter;
    private final TunnelTally tunnels = new TunnelTally();
    private final SlowPath slowPath;
    private final FastPath fastPath;
    private final Burst burst;
    private final Responder responder;
    private final Resumption resumption = this::resumeSlot;
    private final Queue<Runnable> commands = new SpscArrayQueue<>(COMMAND_CAPACITY);
    private final @Nullable Port[] polled;
    private final int[] polledIds;
    private int polledCount;
    private Snapshot snapshot;
    private volatile int passedEpoch;
    private long turns;
    private boolean listening;
    private @Nullable BurstClock stopWatch;
    private @Nullable PortWait wait;

    public Worker(
            int id,
            WorkerSettings settings,
            NanoClock clock,
            PathCounters counters,
            Responder responder,
            Transmitter.@Nullable Offload offload,
            Snapshot initial) {
        this.id = id;
        this.clock = clock;
        this.counters = counters;
        pool = new PacketPool(settings.packets(), settings.bigPackets());
        cache = new FlowCache(settings.flows());
        transmitter = new Transmitter(pool, counters, counters.ports(), settings.burst() * 4);
        transmitter.offload(offload);
        transmitter.tunnels(tunnels);
        slowPath = new SlowPath(cache, transmitter, responder, counters);
        fastPath = new FastPath(cache, transmitter, slowPath, counters, settings.burst());
        burst = new Burst(settings.burst());
        this.responder = responder;
        polled = new @Nullable Port[counters.ports()];
        polledIds = new int[counters.ports()];
        snapshot = initial;
        passedEpoch = initial.epoch();
    }

    /** Where some packets are taken down for later; before the worker starts. */
    void events(PacketEvents events) {
        slowPath.events(events);
    }

    /** Where flows are told of that carry much; before the worker starts. */
    void candidates(@Nullable OffloadCandidates candidates) {
        fastPath.candidates(candidates);
    }

    /** How it waits for packets; before the worker starts. Closed with it. */
    void waitsBy(PortWait portWait) {
        wait = portWait;
    }

    /** Times the phases of some turns; null times none. On the worker's thread, or while it does not run. */
    public void clock(@Nullable BurstClock timing) {
        stopWatch = timing;
        fastPath.clock(timing);
    }

    /** One turn: commands, then one burst of each port, then housekeeping. */
    @Override
    public int doWork() {
        final BurstClock timing = stopWatch;
        if (timing != null) {
            timing.begin();
        }
        int work = drainCommands();
        final long nowNs = clock.nanoTime();
        int packets = responder.turn(snapshot, transmitter, resumption, nowNs);
        for (int i = 0; i < polledCount; i++) {
            packets += poll(polledIds[i], polled[i], nowNs);
        }
        if (packets != 0) {
            transmitter.flush();
            if (timing != null) {
                timing.over(BurstClock.Phase.TRANSMIT);
            }
            counters.count(PathCounter.BUSY_CYCLES);
        }
        if (packets == 0 || (turns & 63) == 0) {
            cache.sweep(SWEEP_ENTRIES, (short) (nowNs >>> FastPath.TICK_SHIFT), IDLE_TICKS);
        }
        turns++;
        work += packets;
        return work;
    }

    private int poll(int portId, @Nullable Port port, long nowNs) {
        final Ingress ingress = snapshot.ingresses().get(portId);
        if (port == null || ingress == null) {
            return 0;
        }
        final int count = port.receive(burst, pool);
        if (count == 0) {
            return 0;
        }
        final BurstClock timing = stopWatch;
        if (timing != null) {
            timing.received(count);
        }
        counters.received(portId, count, burst.bytes(count));
        counters.count(PathCounter.BURSTS);
        if (listening) {
            fastPath.bypass(burst, ingress, snapshot, nowNs);
        } else {
            fastPath.process(burst, ingress, snapshot, nowNs);
        }
        return count;
    }

    private int drainCommands() {
        int count = 0;
        while (count < COMMANDS_PER_TURN) {
            final Runnable command = commands.poll();
            if (command == null) {
                break;
            }
            command.run();
            count++;
        }
        return count;
    }

    boolean offer(Runnable command) {
        if (!commands.offer(command)) {
            return false;
        }
        final PortWait portWait = wait;
        if (portWait != null) {
            portWait.wake();
        }
        return true;
    }

    /** Whether a command waits. */
    boolean hasCommands() {
        return !commands.isEmpty();
    }

    /** From now on decide by this snapshot. */
    void onSnapshot(Snapshot next) {
        snapshot = next;
        passedEpoch = next.epoch();
    }

    /** What went through tunnels. Any thread. */
    public TunnelTally tunnels() {
        return tunnels;
    }

    /** The epoch that this worker decides by; it uses nothing older any more. Any thread. */
    int passedEpoch() {
        return passedEpoch;
    }

    /** Starts to poll this worker's queue of a port, and to send by it. */
    void onPort(int portId, Port port) {
        counters.clearPort(portId);
        transmitter.port(portId, port);
        polled[polledCount] = port;
        polledIds[polledCount] = portId;
        polledCount++;
        if (wait != null) {
            wait.add(port);
        }
    }

    /** Puts something between the worker and a port that it uses, or takes it away again; nothing when the port is gone. */
    void onPortWrapped(int portId, UnaryOperator<Port> wrapper) {
        for (int i = 0; i < polledCount; i++) {
            final Port port = polled[i];
            if (polledIds[i] == portId && port != null) {
                polled[i] = wrapper.apply(port);
                transmitter.port(portId, polled[i]);
            }
        }
    }

    /** Stops using a port. */
    void onPortRemoved(int portId) {
        for (int i = 0; i < polledCount; i++) {
            final Port port = polled[i];
            if (polledIds[i] == portId && port != null) {
                if (wait != null) {
                    wait.remove(port);
                }
                polledCount--;
                polledIds[i] = polledIds[polledCount];
                polled[i] = polled[polledCount];
                polled[polledCount] = null;
                break;
            }
        }
        transmitter.port(portId, null);
    }

    /** Shows every packet to the listener; the flow cache is bypassed as long as anybody listens. */
    void onListener(PacketListener listener) {
        listening = listener != PacketListener.NONE;
        slowPath.listener(listener);
    }

    /** Runs a packet that was held before through the pipeline again, as if it came now. */
    public void resume(byte[] frame, int length, int notes, int portId) {
        final Ingress ingress = snapshot.ingresses().get(portId);
        if (ingress == null) {
            counters.drop(DataplaneDrop.PORT_DOWN.id());
            return;
        }
        final int handle = pool.acquireFor(length);
        if (handle == PacketPool.NULL_HANDLE) {
            counters.drop(DataplaneDrop.POOL_EXHAUSTED.id());
            return;
        }
        final long address = pool.frameAddress(handle);
        OffHeap.copy(frame, 0, address, length);
        counters.count(PathCounter.RESUMED);
        burst.add(handle, address, length, notes);
        fastPath.bypass(burst, ingress, snapshot, clock.nanoTime());
        transmitter.flush();
    }

    /** As above, for a frame in raw memory, which is copied, and with the ingress context that it had. */
    public void resume(long frame, int length, int notes, int portId, int scope) {
        final int handle = pool.acquireFor(length);
        if (handle == PacketPool.NULL_HANDLE) {
            counters.drop(DataplaneDrop.POOL_EXHAUSTED.id());
            return;
        }
        OffHeap.copy(frame, pool.frameAddress(handle), length);
        resumeSlot(handle, length, notes, portId, scope);
        transmitter.flush();
    }

    private void resumeSlot(int handle, int length, int notes, int portId, int scope) {
        final Ingress ingress = snapshot.ingresses().get(portId);
        if (ingress == null) {
            counters.drop(DataplaneDrop.PORT_DOWN.id());
            pool.release(handle);
            return;
        }
        counters.count(PathCounter.RESUMED);
        burst.add(handle, pool.frameAddress(handle), length, notes);
        fastPath.resume(burst, scope, ingress, snapshot, clock.nanoTime());
    }

    public int id() {
        return id;
    }

    public PathCounters counters() {
        return counters;
    }

    /** For reports; approximate when read from another thread. */
    public FlowCache flowCache() {
        return cache;
    }

    public PacketPool pool() {
        return pool;
    }

    @Override
    public String roleName() {
        return "weir-worker-" + id;
    }

    @Override
    public void close() {
        CloseHelper.close(wait);
        slowPath.close();
        tunnels.close();
        cache.close();
        pool.close();
    }
}
