package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weir.dataplane.memory.OffHeap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A hash table of a BPF program whose values are in memory that is shared with this process: the program finds a slot by the key,
 * and the values of the slots lie in an array that both sides read and write, so that counters cost no system call.
 *
 * <p>The kernel may use the memory of a removed key for another one while a program still holds it, so whoever reuses a slot
 * waits for the {@link #grace() programs that ran then}.
 */
public final class BpfTable implements AutoCloseable {
    // linux/bpf.h
    private static final int TYPE_HASH = 1;
    private static final int TYPE_ARRAY = 2;
    private static final int TYPE_ARRAY_OF_MAPS = 12;
    private static final int FLAG_MAPPABLE = 1 << 10;
    private static final long PAGE = 4096;

    private final String name;
    private final int slots;
    private final int valueBytes;
    private int index = -1;
    private int values = -1;
    private int outer = -1;
    private long address;

    private BpfTable(String name, int slots, int valueBytes) {
        this.name = name;
        this.slots = slots;
        this.valueBytes = valueBytes;
    }

    /**
     * An empty table.
     *
     * @param slots      how many keys it holds
     * @param valueBytes a multiple of 8
     */
    public static BpfTable create(String name, int slots, int keyBytes, int valueBytes) {
        final BpfTable table = new BpfTable(name, slots, valueBytes);
        try {
            table.index = create(TYPE_HASH, name, slots, keyBytes, Integer.BYTES, 0, 0);
            table.values = create(TYPE_ARRAY, name, slots, Integer.BYTES, valueBytes, FLAG_MAPPABLE, 0);
            table.outer = create(TYPE_ARRAY_OF_MAPS, name, 1, Integer.BYTES, Integer.BYTES, 0, table.values);
            table.map();
            return table;
        } catch (final RuntimeException e) {
            table.close();
            throw e;
        }
    }

    private static int create(int type, String name, int entries, int keyBytes, int valueBytes, int flags, int inner) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attribute = BpfCalls.attribute(arena);
            attribute.set(JAVA_INT, 0, type);
            attribute.set(JAVA_INT, 4, keyBytes);
            attribute.set(JAVA_INT, 8, valueBytes);
            attribute.set(JAVA_INT, 12, entries);
            attribute.set(JAVA_INT, 16, flags);
            attribute.set(JAVA_INT, 20, inner);
            BpfCalls.name(attribute, 28, name);
            return BpfCalls.checked(BpfCalls.MAP_CREATE, attribute, "making the BPF table " + name);
        }
    }

    private void map() {
        final long mapped = LinuxCalls.mmap(
                0, length(), LinuxCalls.PROT_READ | LinuxCalls.PROT_WRITE, LinuxCalls.MAP_SHARED, values, 0);
        if (mapped < 0) {
            throw LinuxException.of("mapping the BPF table " + name, (int) mapped);
        }
        address = mapped;
        OffHeap.register(address, length());
    }

    private long length() {
        return ((long) slots * valueBytes + PAGE - 1) / PAGE * PAGE;
    }

    /** How many keys it holds. */
    public int slots() {
        return slots;
    }

    /** Where the value of a slot lies, which the program sees, too. */
    public long value(int slot) {
        return address + (long) slot * valueBytes;
    }

    /** Lets a key find a slot, also one that found another one before. */
    public void put(byte[] key, int slot) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attribute = entry(arena, index, key);
            attribute.set(JAVA_LONG, 16, arena.allocateFrom(JAVA_INT, slot).address());
            BpfCalls.checked(BpfCalls.MAP_UPDATE, attribute, "adding to the BPF table " + name);
        }
    }

    /** Takes a key away; programs that have found its slot already go on with that. */
    public void remove(byte[] key) {
        try (Arena arena = Arena.ofConfined()) {
            BpfCalls.checked(BpfCalls.MAP_DELETE, entry(arena, index, key), "removing from the BPF table " + name);
        }
    }

    /** Waits until every program that runs now has ended: some milliseconds. */
    public void grace() {
        try (Arena arena = Arena.ofConfined()) {
            // That is what the kernel promises for changes to a map of maps; membarrier(2) fails where cores have no
            // tick.
            final MemorySegment attribute = entry(arena, outer, new byte[Integer.BYTES]);
            attribute.set(JAVA_LONG, 16, arena.allocateFrom(JAVA_INT, values).address());
            BpfCalls.checked(BpfCalls.MAP_UPDATE, attribute, "waiting for the programs of the BPF table " + name);
        }
    }

    private MemorySegment entry(Arena arena, int map, byte[] key) {
        final MemorySegment attribute = BpfCalls.attribute(arena);
        attribute.set(JAVA_INT, 0, map);
        final MemorySegment bytes = arena.allocate(key.length, 8);
        MemorySegment.copy(MemorySegment.ofArray(key), 0, bytes, 0, key.length);
        attribute.set(JAVA_LONG, 8, bytes.address());
        return attribute;
    }

    /** Puts the slot's value's address for the key at this place of the stack into register 0, or goes on at the label. */
    public BpfInstructions find(BpfInstructions code, int keyOnStack, int slotOnStack, String otherwise) {
        code.mapFd(BpfInstructions.R1, index)
                .move(BpfInstructions.R2, BpfInstructions.R10)
                .plus(BpfInstructions.R2, keyOnStack)
                .call(BpfProgram.MAP_LOOKUP)
                .jumpIfEqual(BpfInstructions.R0, 0, otherwise)
                .load4(BpfInstructions.R1, BpfInstructions.R0, 0)
                .store4(BpfInstructions.R10, slotOnStack, BpfInstructions.R1);
        return at(code, slotOnStack, otherwise);
    }

    /** Puts the address of the value of the slot at this place of the stack into register 0, or goes on at the label. */
    public BpfInstructions at(BpfInstructions code, int slotOnStack, String otherwise) {
        return code.mapFd(BpfInstructions.R1, values)
                .move(BpfInstructions.R2, BpfInstructions.R10)
                .plus(BpfInstructions.R2, slotOnStack)
                .call(BpfProgram.MAP_LOOKUP)
                .jumpIfEqual(BpfInstructions.R0, 0, otherwise);
    }

    /** Unmaps the values, which must not be used any more; programs keep the table as long as they are there. */
    @Override
    public void close() {
        if (address != 0) {
            OffHeap.unregister(address);
            LinuxCalls.munmap(address, length());
            address = 0;
        }
        close(outer);
        close(values);
        close(index);
        outer = values = index = -1;
    }

    private static void close(int fd) {
        if (fd >= 0) {
            LinuxCalls.close(fd);
        }
    }
}
