package io.weir.dataplane.observe;

import io.weir.dataplane.memory.OffHeap;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Consumer;

/** A file that this process writes as memory. What was written is in the file even when the process is killed. */
final class MappedFile implements AutoCloseable {
    private static final int CHUNK = 1 << 16;

    private final Arena arena;
    private final MemorySegment segment;

    private MappedFile(Arena arena, MemorySegment segment) {
        this.arena = arena;
        this.segment = segment;
        OffHeap.register(segment.address(), segment.byteSize());
    }

    /**
     * Makes the file anew, readable by its owner only, and moves it to its name when it is complete. A reader of an older
     * file of that name keeps the old one: cutting it off under the reader would kill the reader.
     *
     * @param initialise writes what a reader must find from the first moment on; gets the raw address
     */
    static MappedFile create(Path file, long length, Consumer<Long> initialise) throws IOException {
        final Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        final Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            // real zeros, not a hole: a full file system must fail here and not at a worker's first store
            final ByteBuffer zeros = ByteBuffer.allocate(CHUNK);
            for (long at = 0; at < length; ) {
                zeros.clear().limit((int) Math.min(CHUNK, length - at));
                at += channel.write(zeros, at);
            }
            final MappedFile mapped =
                    new MappedFile(arena, channel.map(FileChannel.MapMode.READ_WRITE, 0, length, arena));
            initialise.accept(mapped.address());
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return mapped;
        } catch (final IOException | RuntimeException e) {
            arena.close();
            Files.deleteIfExists(fresh);
            throw e;
        }
    }

    long address() {
        return segment.address();
    }

    long length() {
        return segment.byteSize();
    }

    /** Unmaps it; nobody may use the address any more. The file stays. */
    @Override
    public void close() {
        OffHeap.unregister(segment.address());
        arena.close();
    }
}
