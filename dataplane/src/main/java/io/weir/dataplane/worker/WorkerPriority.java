package io.weir.dataplane.worker;

import io.weir.dataplane.linux.ThreadPriority;

/**
 * How soon a worker runs when packets come while others use its core. There is nothing between the two: a nice value counts only
 * within a control group, and a worker that takes the core from a TCP sender with each packet halves the sender's rate (measured
 * with -20 on two cores).
 */
public enum WorkerPriority {
    /** As soon as its share of the core allows it; needs no privilege. */
    NORMAL,
    /** Always at once; what else is on its core waits as long as packets come. */
    REALTIME;

    /**
     * Gives it to the calling thread.
     *
     * @throws io.weir.dataplane.linux.LinuxException without CAP_SYS_NICE, where that is needed
     */
    public void apply() {
        switch (this) {
            case NORMAL -> ThreadPriority.promptCurrentThread();
            case REALTIME -> ThreadPriority.realtimeCurrentThread();
        }
    }
}
