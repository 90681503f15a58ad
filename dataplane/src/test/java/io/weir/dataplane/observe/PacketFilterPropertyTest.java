package io.weir.dataplane.observe;

import static io.weir.dataplane.observe.PacketFilter.instruction;

import io.weir.dataplane.memory.OffHeap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/** Whatever a client sends as a filter: a worker that runs it comes to no harm. */
class PacketFilterPropertyTest {
    /** What passes the check runs to its end on any frame; {@link OffHeap} would throw at a read outside of it. */
    @Property(tries = 20_000)
    void aCheckedProgramNeverFails(@ForAll @Size(min = 1, max = 6) long[] program, @ForAll byte[] frame) {
        final long[] tame = new long[program.length + 2];
        for (int i = 0; i < program.length; i++) {
            // small codes, jumps and constants, so that many programs pass the check
            final long random = program[i];
            final int k = (random & 3) == 0 ? (int) (random >>> 16) : (int) (random >>> 16) & 0x1F;
            tame[i] = instruction((int) random & 0xB7, (int) (random >>> 8) & 3, (int) (random >>> 10) & 3, k);
        }
        tame[program.length] = instruction(0x16, 0, 0, 0);
        tame[program.length + 1] = instruction(6, 0, 0, 1);
        final PacketFilter filter;
        try {
            filter = PacketFilter.of(tame);
        } catch (final IllegalArgumentException e) {
            return;
        }
        final long memory = OffHeap.allocate(Math.max(1, frame.length));
        try {
            OffHeap.copy(frame, 0, memory, frame.length);
            filter.matches(memory, frame.length);
        } finally {
            OffHeap.free(memory);
        }
    }
}
