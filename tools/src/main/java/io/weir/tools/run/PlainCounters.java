package io.weir.tools.run;

import io.weir.agent.node.CounterMemory;
import io.weir.dataplane.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;

/** Memory for counters that only this process sees. */
public final class PlainCounters implements CounterMemory, AutoCloseable {
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
