package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An array that a BPF program reads or writes, by index. */
public final class BpfMap implements AutoCloseable {
    // linux/bpf.h
    private static final int TYPE_ARRAY = 2;
    private static final int TYPE_PER_CORE_ARRAY = 6;
    private static final int TYPE_XSKMAP = 17;

    private final String name;
    private final int fd;
    private final int valueBytes;

    private BpfMap(String name, int fd, int valueBytes) {
        this.name = name;
        this.fd = fd;
        this.valueBytes = valueBytes;
    }

    /** An array of values of the same number of bytes, all zero. */
    public static BpfMap array(String name, int entries, int valueBytes) {
        return create(TYPE_ARRAY, name, entries, valueBytes);
    }

    /** An array whose values each core has for itself, all zero; for programs only. */
    public static BpfMap perCore(String name, int entries, int valueBytes) {
        return create(TYPE_PER_CORE_ARRAY, name, entries, valueBytes);
    }

    /** An array of AF_XDP sockets, to which a program redirects frames. */
    static BpfMap sockets(String name, int entries) {
        return create(TYPE_XSKMAP, name, entries, Integer.BYTES);
    }

    private static BpfMap create(int type, String name, int entries, int valueBytes) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attribute = BpfCalls.attribute(arena);
            attribute.set(JAVA_INT, 0, type);
            attribute.set(JAVA_INT, 4, Integer.BYTES);
            attribute.set(JAVA_INT, 8, valueBytes);
            attribute.set(JAVA_INT, 12, entries);
            BpfCalls.name(attribute, 28, name);
            final int fd = BpfCalls.checked(BpfCalls.MAP_CREATE, attribute, "making the BPF map " + name);
            return new BpfMap(name, fd, valueBytes);
        }
    }

    /** Sets a value; it has the map's number of bytes. */
    public void put(int index, byte[] value) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment room = arena.allocate(valueBytes, 8);
            MemorySegment.copy(MemorySegment.ofArray(value), 0, room, 0, valueBytes);
            update(arena, index, room);
        }
    }

    /** Puts a socket into a map of sockets; when the socket is closed it is gone from there, too. */
    void putSocket(int index, int socket) {
        try (Arena arena = Arena.ofConfined()) {
            update(arena, index, arena.allocateFrom(JAVA_INT, socket));
        }
    }

    /** The number in the first 8 bytes of a value. */
    public long number(int index) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment room = arena.allocate(Math.max(valueBytes, Long.BYTES), 8);
            BpfCalls.checked(BpfCalls.MAP_LOOKUP, entry(arena, index, room), "reading the BPF map " + name);
            return room.get(JAVA_LONG, 0);
        }
    }

    private void update(Arena arena, int index, MemorySegment value) {
        BpfCalls.checked(BpfCalls.MAP_UPDATE, entry(arena, index, value), "writing to the BPF map " + name);
    }

    private MemorySegment entry(Arena arena, int index, MemorySegment value) {
        final MemorySegment attribute = BpfCalls.attribute(arena);
        attribute.set(JAVA_INT, 0, fd);
        attribute.set(JAVA_LONG, 8, arena.allocateFrom(JAVA_INT, index).address());
        attribute.set(JAVA_LONG, 16, value.address());
        return attribute;
    }

    int fd() {
        return fd;
    }

    @Override
    public void close() {
        LinuxCalls.close(fd);
    }
}
