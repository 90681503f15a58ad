package io.weir.agent.api;

import io.weir.agent.node.CounterMemory;
import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.observe.NodeFiles;
import org.agrona.ErrorHandler;

/** Counters, events and errors of a node's workers in the files that other processes read. */
public final class FileCounters implements CounterMemory {
    private final NodeFiles files;

    public FileCounters(NodeFiles files) {
        this.files = files;
    }

    @Override
    public long allocate(int workerId, long length) {
        return files.counterMemory(workerId);
    }

    @Override
    public PacketEvents events(int workerId) {
        return files.events(workerId);
    }

    /** Every distinct error is in the file once, with a count; the log of the process has it as often as it happens. */
    @Override
    public ErrorHandler errors() {
        final ErrorHandler log = CounterMemory.super.errors();
        final ErrorHandler file = files.errors();
        return error -> {
            file.onError(error);
            log.onError(error);
        };
    }
}
