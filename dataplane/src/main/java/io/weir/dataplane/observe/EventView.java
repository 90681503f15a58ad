package io.weir.dataplane.observe;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Reads an {@code events} file of another process, running or gone. Changes nothing. */
public final class EventView implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment file;

    private EventView(Arena arena, MemorySegment file) {
        this.arena = arena;
        this.file = file;
    }

    /**
     * Maps the file.
     *
     * @throws IOException when it can't be read or is no events file of this version; the message says which
     */
    public static EventView open(Path path) throws IOException {
        final Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            final MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            if (file.byteSize() < EventLayout.HEADER_LENGTH
                    || !new String(file.asSlice(0, 8).toArray(JAVA_BYTE), StandardCharsets.UTF_8)
                            .equals(EventLayout.MAGIC)
                    || file.get(JAVA_INT_UNALIGNED, EventLayout.VERSION_AT) != EventLayout.VERSION
                    || EventLayout.length(file.get(JAVA_INT_UNALIGNED, EventLayout.WORKERS_AT)) > file.byteSize()) {
                throw new IOException(path + " is no events file of this version of weir");
            }
            return new EventView(arena, file);
        } catch (final IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private int workers() {
        return file.get(JAVA_INT_UNALIGNED, EventLayout.WORKERS_AT);
    }

    private static long ring(int worker) {
        return EventLayout.HEADER_LENGTH + EventLayout.RING_STRIDE * worker;
    }

    /** All events that are still there, oldest first. */
    public List<PacketEvent> events() {
        final List<PacketEvent> events = new ArrayList<>();
        for (int worker = 0; worker < workers(); worker++) {
            final long records = ring(worker) + EventLayout.RING_HEADER_LENGTH;
            for (int i = 0; i < EventLayout.RECORDS; i++) {
                read(worker, records + (long) i * EventLayout.RECORD_LENGTH, events);
            }
        }
        events.sort(Comparator.comparingLong(PacketEvent::timeNs));
        return events;
    }

    /** The number before and after tells whether the worker wrote over the record meanwhile. */
    private void read(int worker, long at, List<PacketEvent> events) {
        final long number = file.get(JAVA_LONG_UNALIGNED, at + EventLayout.NUMBER);
        VarHandle.acquireFence();
        if (number == 0) {
            return;
        }
        final byte[] record = file.asSlice(at, EventLayout.RECORD_LENGTH).toArray(JAVA_BYTE);
        VarHandle.loadLoadFence();
        final MemorySegment copy = MemorySegment.ofArray(record);
        final int kind = copy.get(JAVA_SHORT_UNALIGNED, EventLayout.KIND);
        final int captured = copy.get(JAVA_INT_UNALIGNED, EventLayout.CAPTURED);
        final int ruleLength = copy.get(JAVA_INT_UNALIGNED, EventLayout.RULE_LENGTH);
        if (file.get(JAVA_LONG_UNALIGNED, at + EventLayout.NUMBER) != number
                || captured < 0
                || captured > EventLayout.MAX_CAPTURED
                || ruleLength < 0
                || ruleLength > EventLayout.MAX_RULE) {
            return;
        }
        for (final EventKind known : EventKind.values()) {
            if (known.id() == kind) {
                events.add(new PacketEvent(
                        copy.get(JAVA_LONG_UNALIGNED, EventLayout.TIME),
                        worker,
                        known,
                        copy.get(JAVA_SHORT_UNALIGNED, EventLayout.REASON),
                        copy.get(JAVA_INT_UNALIGNED, EventLayout.PORT),
                        copy.get(JAVA_INT_UNALIGNED, EventLayout.FRAME_LENGTH),
                        copy.asSlice(EventLayout.BYTES, captured).toArray(JAVA_BYTE),
                        new String(record, EventLayout.RULE, ruleLength, StandardCharsets.UTF_8)));
            }
        }
    }

    /** Events that the rate limit left out. */
    public long leftOut() {
        long sum = 0;
        for (int worker = 0; worker < workers(); worker++) {
            sum += file.get(JAVA_LONG_UNALIGNED, ring(worker) + EventLayout.LEFT_OUT);
        }
        return sum;
    }

    @Override
    public void close() {
        arena.close();
    }
}
