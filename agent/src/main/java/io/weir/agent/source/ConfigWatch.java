package io.weir.agent.source;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;

/**
 * Tells when files of a config directory have changed and then were left alone for a moment: an editor or a copy touches
 * a file many times, and half a file is not read.
 */
public final class ConfigWatch implements AutoCloseable {
    /** Far longer than the writes of one file are apart, and short enough for an edit to hold within 100 ms. */
    private static final long QUIET_NS = 20_000_000L;

    private final WatchService service;
    private final Map<WatchKey, Path> directories = new HashMap<>();
    private boolean touched;
    private long quietSinceNs;

    /** Watches a directory and those below it. */
    public ConfigWatch(Path directory) throws IOException {
        service = FileSystems.getDefault().newWatchService();
        try {
            watch(directory);
            if (directories.isEmpty()) {
                throw new NoSuchFileException(directory.toString());
            }
        } catch (final IOException e) {
            service.close();
            throw e;
        }
    }

    /** What vanishes meanwhile needs no watch: its directory tells of it. */
    private void watch(Path directory) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) throws IOException {
                try {
                    directories.put(
                            each.register(
                                    service,
                                    StandardWatchEventKinds.ENTRY_CREATE,
                                    StandardWatchEventKinds.ENTRY_MODIFY,
                                    StandardWatchEventKinds.ENTRY_DELETE),
                            each);
                    return FileVisitResult.CONTINUE;
                } catch (final NoSuchFileException | NotDirectoryException e) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
            }

            @Override
            public FileVisitResult visitFileFailed(Path each, IOException problem) throws IOException {
                if (problem instanceof NoSuchFileException || problem instanceof NotDirectoryException) {
                    return FileVisitResult.CONTINUE;
                }
                throw problem;
            }
        });
    }

    /** Whether there is a change that was not told yet and has settled. Does not wait. */
    public boolean hasSettledChange(long nowNs) throws IOException {
        try {
            for (WatchKey key = service.poll(); key != null; key = service.poll()) {
                final Path directory = directories.get(key);
                key.pollEvents();
                touched = true;
                quietSinceNs = nowNs;
                if (!key.reset()) {
                    directories.remove(key);
                } else if (directory != null) {
                    watch(directory); // a directory that is new is watched as well; registering twice does nothing
                }
            }
        } catch (final ClosedWatchServiceException e) {
            return false;
        }
        if (touched && nowNs - quietSinceNs >= QUIET_NS) {
            touched = false;
            return true;
        }
        return false;
    }

    @Override
    public void close() throws IOException {
        service.close();
    }
}
