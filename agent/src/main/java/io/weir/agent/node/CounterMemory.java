package io.weir.agent.node;

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
}
