package io.weir.dataplane.worker;

import io.weir.dataplane.linux.ThreadPriority;

/** How soon a worker runs when packets come while others use its core. */
public enum WorkerPriority {
    /** As soon as its share of the core allows it; needs no privilege. */
    NORMAL,
    /** Nearly always at once; leaves the others about a hundredth of the core where it needs it all. */
    HIGH,
    /** Always at once; what else is on its core waits as long as packets come. */
    REALTIME;

    /**
     * Gives it to the calling thread.
     *
     * @throws io.weir.dataplane.linux.LinuxException without CAP_SYS_NICE, where that is needed
     */
    void apply() {
        switch (this) {
            case NORMAL -> ThreadPriority.promptCurrentThread();
            case HIGH -> ThreadPriority.raiseCurrentThread();
            case REALTIME -> ThreadPriority.realtimeCurrentThread();
        }
    }
}
