package io.weir.agent.node;

import io.weir.dataplane.flow.PacketEvents;
import org.agrona.ErrorHandler;

/** Gives each worker the memory that its counters lie in: plain, or part of a mapped file. */
@FunctionalInterface
public interface CounterMemory {
    /**
     * Called once for each worker.
     *
     * @param length bytes
     * @return raw address of zeroed memory that outlives the worker
     */
    long allocate(int workerId, long length);

    /** Where a worker takes down some of its packets for people who look later. */
    default PacketEvents events(int workerId) {
        return PacketEvents.NONE;
    }

    /** Is told of an error that ended a worker's turn; the worker goes on. */
    default ErrorHandler errors() {
        return error -> System.getLogger("io.weir.worker")
                .log(System.Logger.Level.ERROR, "a worker's turn failed; its burst is lost", error);
    }
}
