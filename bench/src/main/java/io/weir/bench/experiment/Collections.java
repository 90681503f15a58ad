package io.weir.bench.experiment;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

/** Counts garbage collections. */
public final class Collections {
    private Collections() {}

    /** Of all collectors since the virtual machine started. */
    public static long soFar() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .filter(count -> count > 0)
                .sum();
    }
}
