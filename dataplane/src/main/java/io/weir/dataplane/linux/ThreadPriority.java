package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** How soon Linux lets the calling thread run when others want its core (sched(7), sched_setattr(2)). */
public final class ThreadPriority {
    // struct sched_attr of linux/sched/types.h
    private static final int ATTRIBUTES_BYTES = 48;
    private static final int POLICY_OFFSET = 4;
    private static final int NICE_OFFSET = 16;
    private static final int PRIORITY_OFFSET = 20;
    private static final int RUNTIME_OFFSET = 24;

    private static final int SCHED_OTHER = 0;
    private static final int SCHED_FIFO = 1;

    /** The shortest that Linux knows. */
    private static final long SLICE_NS = 100_000;

    private ThreadPriority() {}

    /**
     * An ordinary thread that asks for short turns. From Linux 6.12 on it gets them soon after it wakes up, as long as it
     * uses no more than its share; an older kernel ignores it. Its nice value stays. Needs no privilege.
     */
    public static void promptCurrentThread() {
        apply(SCHED_OTHER, LinuxCalls.nice(), 0, "asking for short turns");
    }

    /**
     * Before every ordinary thread, as soon as it has work, and for as long as it has. It must sleep now and then.
     *
     * @throws LinuxException without CAP_SYS_NICE
     */
    public static void realtimeCurrentThread() {
        apply(SCHED_FIFO, 0, 1, "making a thread a real-time one");
    }

    private static void apply(int policy, int nice, int priority, String what) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attributes = arena.allocate(ATTRIBUTES_BYTES, Long.BYTES);
            attributes.set(JAVA_INT, 0, ATTRIBUTES_BYTES);
            attributes.set(JAVA_INT, POLICY_OFFSET, policy);
            attributes.set(JAVA_INT, NICE_OFFSET, nice);
            attributes.set(JAVA_INT, PRIORITY_OFFSET, priority);
            attributes.set(JAVA_LONG, RUNTIME_OFFSET, policy == SCHED_OTHER ? SLICE_NS : 0);
            final int result = LinuxCalls.schedSetattr(attributes.address());
            if (result < 0) {
                throw LinuxException.of(
                        what, result, result == -Errno.EPERM.number() ? "weir needs CAP_SYS_NICE for it" : null);
            }
        }
    }
}
