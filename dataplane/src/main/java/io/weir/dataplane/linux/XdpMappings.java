package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weir.dataplane.memory.OffHeap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Makes the rings of one AF_XDP socket and maps them; what is mapped is remembered until it is given back. */
final class XdpMappings implements AutoCloseable {
    /** Bytes of an entry of the fill and completion rings: an address in the socket's memory. */
    private static final int ADDRESS_BYTES = 8;

    /** Bytes of {@code struct xdp_desc}: address (8), length (4), options (4). */
    private static final int DESCRIPTOR_BYTES = 16;

    /** {@code struct xdp_mmap_offsets}: four numbers of 8 bytes for each of four rings. */
    private static final int OFFSETS_BYTES = 128;

    private static final int OFFSETS_OF_ONE = 32;

    /** Which ring: the option that makes it, where it is mapped, its place in the offsets, and how entries go. */
    enum Kind {
        RECEIVE(2, 0L, 0, DESCRIPTOR_BYTES, false),
        TRANSMIT(3, 0x8000_0000L, 1, DESCRIPTOR_BYTES, true),
        FILL(5, 0x1_0000_0000L, 2, ADDRESS_BYTES, true),
        COMPLETION(6, 0x1_8000_0000L, 3, ADDRESS_BYTES, false);

        private final int option;
        private final long page;
        private final int place;
        private final int entryBytes;
        private final boolean isFilled;

        Kind(int option, long page, int place, int entryBytes, boolean isFilled) {
            this.option = option;
            this.page = page;
            this.place = place;
            this.entryBytes = entryBytes;
            this.isFilled = isFilled;
        }
    }

    private record Mapping(long address, long length) {}

    private final int fd;
    private final String what;
    private final List<Mapping> mappings = new ArrayList<>();

    XdpMappings(int fd, String what) {
        this.fd = fd;
        this.what = what;
    }

    XdpRing ring(Kind kind, int size) {
        LinuxException.check(LinuxCalls.setsockopt(fd, XdpSocket.SOL_XDP, kind.option, size), what + ": making a ring");
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment all = arena.allocate(OFFSETS_BYTES, 8);
            final int written = LinuxException.check(
                    LinuxCalls.getsockopt(
                            fd, XdpSocket.SOL_XDP, XdpSocket.XDP_MMAP_OFFSETS, all.address(), OFFSETS_BYTES),
                    what);
            if (written != OFFSETS_BYTES) {
                throw LinuxException.invalid(what + ": it needs Linux 5.9 or newer");
            }
            final MemorySegment offsets = all.asSlice((long) kind.place * OFFSETS_OF_ONE, OFFSETS_OF_ONE);
            final long length = offsets.get(JAVA_LONG, 16) + (long) size * kind.entryBytes;
            final long base = LinuxCalls.mmap(
                    0,
                    length,
                    LinuxCalls.PROT_READ | LinuxCalls.PROT_WRITE,
                    LinuxCalls.MAP_SHARED | LinuxCalls.MAP_POPULATE,
                    fd,
                    kind.page);
            if (base < 0) {
                throw LinuxException.of(what + ": mapping a ring", (int) base);
            }
            OffHeap.register(base, length);
            mappings.add(new Mapping(base, length));
            final long producer = base + offsets.get(JAVA_LONG, 0);
            final long consumer = base + offsets.get(JAVA_LONG, 8);
            final long entries = base + offsets.get(JAVA_LONG, 16);
            final long flags = base + offsets.get(JAVA_LONG, 24);
            return kind.isFilled
                    ? XdpRing.filled(producer, consumer, flags, entries, size, kind.entryBytes)
                    : XdpRing.emptied(producer, consumer, flags, entries, size, kind.entryBytes);
        }
    }

    /** Tells the kernel which memory frames are in. */
    void memory(long address, long length, int chunkBytes) {
        try (Arena arena = Arena.ofConfined()) {
            // struct xdp_umem_reg: address, length, chunk, headroom, flags, length of metadata
            final MemorySegment request = arena.allocate(32, 8);
            request.set(JAVA_LONG, 0, address);
            request.set(JAVA_LONG, 8, length);
            request.set(JAVA_INT, 16, chunkBytes);
            final int result = LinuxCalls.setsockopt(
                    fd, XdpSocket.SOL_XDP, XdpSocket.XDP_UMEM_REG, request.address(), (int) request.byteSize());
            if (result < 0) {
                throw LinuxException.of(
                        what + ": " + length + " bytes for frames",
                        result,
                        result == -Errno.ENOBUFS.number() ? "raise ulimit -l, or give weir CAP_IPC_LOCK" : null);
            }
        }
    }

    @Override
    public void close() {
        for (final Mapping mapping : mappings) {
            OffHeap.unregister(mapping.address);
            LinuxCalls.munmap(mapping.address, mapping.length);
        }
        mappings.clear();
    }
}
