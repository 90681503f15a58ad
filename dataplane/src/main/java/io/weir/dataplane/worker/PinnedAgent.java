package io.weir.dataplane.worker;

import io.weir.dataplane.linux.CpuAffinity;
import io.weir.dataplane.linux.LinuxException;
import org.agrona.concurrent.Agent;

/** A worker's thread: where it runs, and before whom. */
final class PinnedAgent implements Agent {
    private final Worker worker;
    private final WorkerPriority priority;
    private final int core;

    /**
     * @param core the core, or -1 for any
     */
    PinnedAgent(Worker worker, WorkerPriority priority, int core) {
        this.worker = worker;
        this.priority = priority;
        this.core = core;
    }

    @Override
    public void onStart() {
        try {
            priority.apply();
        } catch (final LinuxException e) {
            WorkerErrors.notPreferred(e);
            WorkerPriority.NORMAL.apply();
        }
        if (core >= 0) {
            try {
                CpuAffinity.pinCurrentThread(core);
            } catch (final LinuxException e) {
                WorkerErrors.notPinned(e);
            }
        }
    }

    @Override
    public int doWork() {
        return worker.doWork();
    }

    @Override
    public String roleName() {
        return worker.roleName();
    }
}
