package io.weir.bench.device;

import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.worker.WorkerPriority;

/** How soon the threads of a measurement run that must not themselves be what is measured. */
final class MeasuringThread {
    private MeasuringThread() {}

    /** Gives it to the calling thread, which stays an ordinary one where that is not allowed. */
    static void prefer(WorkerPriority priority) {
        try {
            priority.apply();
        } catch (final LinuxException e) {
            System.err.println("weir bench: measuring with ordinary priority: " + e.getMessage());
        }
    }
}
