package io.weir.dataplane.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Which core a thread runs on. */
public final class CpuAffinity {
    /** The C library's cpu_set_t: 1,024 cores. The kernel takes longer ones. */
    private static final int SET_BYTES = 128;

    private CpuAffinity() {}

    /**
     * Binds the calling thread to one core.
     *
     * @throws LinuxException when the core does not exist or is not allowed to this process
     */
    public static void pinCurrentThread(int core) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            final int word = core / Long.SIZE;
            final int length = Math.max(SET_BYTES, (word + 1) * Long.BYTES);
            final MemorySegment set = arena.allocate(length, Long.BYTES);
            set.setAtIndex(ValueLayout.JAVA_LONG, word, 1L << (core % Long.SIZE));
            final int result = LinuxCalls.schedSetaffinity(0, length, set.address());
            if (result < 0) {
                throw LinuxException.of(
                        "binding a worker to core " + core, result, "choose cores that this process may use");
            }
        }
    }
}
