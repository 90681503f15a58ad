package io.weir.bench.peers;

import io.weir.dataplane.linux.AtExit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** Huge pages of 2 MiB, which DPDK wants reserved before it starts; those added here are given back at the end, also after Ctrl-C. */
final class HugePages implements AutoCloseable {
    private static final Path COUNT = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
    private static final Path FREE = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
    private static final long PAGE = 2L << 20;

    private final AtomicLong added;
    private final AtExit atExit;

    private HugePages(long added) {
        this.added = new AtomicLong(added);
        atExit = new AtExit("weir-bench-gives-back-huge-pages", this::giveBack);
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
        giveBack();
        atExit.cancel();
    }

    /** Those that a program still holds are free when it ends. */
    private void giveBack() {
        final long surplus = added.getAndSet(0);
        try {
            if (surplus > 0) {
                Files.writeString(COUNT, Long.toString(Math.max(0, read(COUNT) - surplus)));
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("giving back huge pages", e);
        }
    }
}
