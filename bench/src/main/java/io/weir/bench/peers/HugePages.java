package io.weir.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Huge pages of 2 MiB, which DPDK wants reserved before it starts; those added here are given back at the end. */
final class HugePages implements AutoCloseable {
    private static final Path COUNT = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
    private static final Path FREE = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
    private static final long PAGE = 2L << 20;

    private final long added;

    private HugePages(long added) {
        this.added = added;
    }

    static boolean areAllowed() {
        return Files.isWritable(COUNT);
    }

    /**
     * Sees to it that so many bytes are free.
     *
     * @throws IOException when the kernel finds no memory for that
     */
    static HugePages reserve(long bytes) throws IOException {
        final long count = read(COUNT);
        final long missing = (bytes + PAGE - 1) / PAGE - read(FREE);
        final HugePages pages = new HugePages(Math.max(0, missing));
        if (missing > 0) {
            Files.writeString(COUNT, Long.toString(count + missing));
            if (read(COUNT) < count + missing) {
                pages.close();
                throw new IOException("the kernel has no " + (bytes >> 20) + " MiB for huge pages");
            }
        }
        return pages;
    }

    private static long read(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).strip());
    }

    @Override
    public void close() {
        try {
            Files.writeString(COUNT, Long.toString(Math.max(0, read(COUNT) - added)));
        } catch (final IOException e) {
            throw new java.io.UncheckedIOException("giving back huge pages", e);
        }
    }
}
