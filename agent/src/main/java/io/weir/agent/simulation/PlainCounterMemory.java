package io.weir.agent.simulation;

import io.weir.agent.node.CounterMemory;
import io.weir.dataplane.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;

/** Counters that nobody outside of this process looks at. */
public final class PlainCounterMemory implements CounterMemory, AutoCloseable {
    private final List<Long> addresses = new ArrayList<>();

    @Override
    public long allocate(int workerId, long length) {
        final long address = OffHeap.allocate(length);
        addresses.add(address);
        return address;
    }

    @Override
    public void close() {
        addresses.forEach(OffHeap::free);
        addresses.clear();
    }
}
