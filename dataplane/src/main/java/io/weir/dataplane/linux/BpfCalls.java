package io.weir.dataplane.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The system call bpf(2), whose argument is one block of memory that means something else for each command. */
final class BpfCalls {
    static final int MAP_CREATE = 0;
    static final int MAP_LOOKUP = 1;
    static final int MAP_UPDATE = 2;
    static final int MAP_DELETE = 3;
    static final int PROGRAM_LOAD = 5;
    static final int PROGRAM_TEST_RUN = 10;
    static final int LINK_CREATE = 28;

    /** Bytes of {@code union bpf_attr} that are passed: enough for each of these commands, the rest of it is zero. */
    static final int ATTRIBUTE_LENGTH = 128;

    private static final int NAME_LENGTH = 15;

    private BpfCalls() {}

    static MemorySegment attribute(Arena arena) {
        return arena.allocate(ATTRIBUTE_LENGTH, 8);
    }

    static int call(int command, MemorySegment attribute) {
        return LinuxCalls.bpf(command, attribute.address(), (int) attribute.byteSize());
    }

    /** As {@link #call}, or throws. */
    static int checked(int command, MemorySegment attribute, String what) {
        final int result = call(command, attribute);
        if (result < 0) {
            throw LinuxException.of(what, result, hint(result));
        }
        return result;
    }

    /** Puts the name by which bpftool shows it; the kernel takes letters, digits, points and underscores. */
    static void name(MemorySegment attribute, long offset, String name) {
        final byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, attribute, offset, Math.min(bytes.length, NAME_LENGTH));
    }

    private static @Nullable String hint(int error) {
        return switch (Errno.of(-error)) {
            case EPERM, EACCES -> "weir needs CAP_BPF and CAP_NET_ADMIN for that";
            case ENOSYS -> "this kernel has no BPF";
            default -> null;
        };
    }
}
