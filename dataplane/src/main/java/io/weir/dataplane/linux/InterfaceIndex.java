package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The number of an interface, asked for by its name on a socket that is in the right namespace. */
final class InterfaceIndex {
    private static final long SIOCGIFINDEX = 0x8933;
    private static final int IFREQ_LENGTH = 40;
    private static final int IFREQ_INDEX_OFFSET = 16;

    private InterfaceIndex() {}

    static int of(int socket, String name, String what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(IFREQ_LENGTH, 8);
            request.setString(0, InterfaceName.check(name));
            int result = LinuxCalls.ioctl(socket, SIOCGIFINDEX, request.address());
            if (result < 0) {
                throw LinuxException.of(
                        what, result, result == -Errno.ENODEV.number() ? "no interface " + name + " there" : null);
            }
            return request.get(JAVA_INT, IFREQ_INDEX_OFFSET);
        }
    }
}
