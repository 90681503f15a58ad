package io.weir.dataplane.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/**
 * A network namespace, held open. What must happen inside of it is run by a thread that enters it and ends there, so
 * every other thread of the JVM stays where it is; sockets and TAP devices that were opened inside can be used from
 * any thread.
 */
public final class NetworkNamespace implements AutoCloseable {
    /** Where {@code ip netns} and container runtimes keep named namespaces. */
    public static final Path FOLDER = Path.of("/run/netns");

    private static final int MS_BIND = 0x1000;
    private static final int MS_REC = 0x4000;
    private static final int MS_SHARED = 1 << 20;
    private static final int MNT_DETACH = 2;

    /** ioctl: which kind of namespace a file is (linux/nsfs.h). */
    private static final long NS_GET_NSTYPE = 0xB703;

    private final String description;
    private final int fd;
    private boolean closed;

    private NetworkNamespace(String description, int fd) {
        this.description = description;
        this.fd = fd;
    }

    /**
     * Opens a namespace as people write it: digits are a process, what has a slash is a path, all else is a name below
     * {@link #FOLDER}.
     */
    public static NetworkNamespace of(String reference) {
        if (reference.isEmpty()) {
            throw LinuxException.invalid("a network namespace is a name, a path or a process id, not empty");
        }
        if (reference.chars().allMatch(c -> c >= '0' && c <= '9')) {
            try {
                return ofProcess(Long.parseLong(reference));
            } catch (NumberFormatException e) {
                throw LinuxException.of("opening the network namespace of process " + reference, 3);
            }
        }
        return reference.indexOf('/') >= 0 ? at(Path.of(reference)) : named(reference);
    }

    /** Opens the namespace that {@code ip netns} knows under a name. */
    public static NetworkNamespace named(String name) {
        Path path = file(name);
        int fd = LinuxCalls.open(path.toString(), LinuxCalls.O_RDONLY | LinuxCalls.O_CLOEXEC);
        if (fd == -Errno.ENOENT.number()) {
            throw LinuxException.of("opening the network namespace " + name, fd, "make it with ip netns add " + name);
        }
        return checked("network namespace " + name, fd);
    }

    /** Opens the namespace whose file is at a path, such as {@code /var/run/netns/cni-…} or {@code /proc/…/ns/net}. */
    public static NetworkNamespace at(Path path) {
        return checked(
                "network namespace " + path,
                LinuxCalls.open(path.toString(), LinuxCalls.O_RDONLY | LinuxCalls.O_CLOEXEC));
    }

    /** Opens the namespace of a running process. */
    public static NetworkNamespace ofProcess(long pid) {
        String what = "network namespace of process " + pid;
        int fd = LinuxCalls.open("/proc/" + pid + "/ns/net", LinuxCalls.O_RDONLY | LinuxCalls.O_CLOEXEC);
        if (fd == -Errno.ENOENT.number()) {
            throw LinuxException.of("opening the " + what, Errno.ESRCH.number());
        }
        return checked(what, fd);
    }

    /** Opens the namespace that the calling thread is in. */
    public static NetworkNamespace current() {
        return checked(
                "own network namespace",
                LinuxCalls.open("/proc/thread-self/ns/net", LinuxCalls.O_RDONLY | LinuxCalls.O_CLOEXEC));
    }

    /** Makes a named namespace, as {@code ip netns add} does, and opens it. Its loopback is down, as always. */
    public static NetworkNamespace create(String name) {
        String what = "making the network namespace " + name;
        String path = file(name).toString();
        makeFolderShared(what);
        int file = LinuxCalls.open(path, LinuxCalls.O_RDONLY | LinuxCalls.O_CREAT | LinuxCalls.O_EXCL, 0);
        LinuxCalls.close(LinuxException.check(file, what));
        try {
            onNewThread(() -> {
                LinuxException.check(LinuxCalls.unshare(LinuxCalls.CLONE_NEWNET), what);
                LinuxException.check(LinuxCalls.mount("/proc/thread-self/ns/net", path, "none", MS_BIND), what);
                return true;
            });
            return named(name);
        } catch (RuntimeException e) {
            LinuxCalls.umount2(path, MNT_DETACH);
            LinuxCalls.unlink(path);
            throw e;
        }
    }

    /** Takes a name away; the namespace itself ends with its last process, socket and open file. */
    public static void delete(String name) {
        String what = "deleting the network namespace " + name;
        String path = file(name).toString();
        int unmounted = LinuxCalls.umount2(path, MNT_DETACH);
        // A file that nothing is mounted on is what an unfinished creation leaves: it goes, too.
        if (unmounted < 0 && unmounted != -Errno.EINVAL.number()) {
            throw LinuxException.of(what, unmounted);
        }
        LinuxException.check(LinuxCalls.unlink(path), what);
    }

    /**
     * Runs an action inside, on a thread that exists for nothing else, and waits for it.
     *
     * @return what the action returns; what it throws is thrown here, a checked exception as the cause of a
     *     {@link CompletionException}
     */
    public <T> T call(Callable<T> action) {
        return onNewThread(() -> {
            LinuxException.check(LinuxCalls.setns(fd(), LinuxCalls.CLONE_NEWNET), "entering the " + description);
            return action.call();
        });
    }

    /** Runs an action inside, on a thread that exists for nothing else, and waits for it. */
    public void run(Runnable action) {
        call(() -> {
            action.run();
            return true;
        });
    }

    /** A number that no other namespace of this machine has as long as this one is there. */
    public long identity() {
        try {
            return ((Number) Files.getAttribute(Path.of("/proc/self/fd/" + fd()), "unix:ino")).longValue();
        } catch (IOException e) {
            throw LinuxException.of("identifying the " + description, Errno.EIO.number(), e.getMessage());
        }
    }

    /** The open file, for requests that name a namespace by one. */
    int fd() {
        if (closed) {
            throw new IllegalStateException("the " + description + " was closed");
        }
        return fd;
    }

    /** Closes the file; the namespace stays. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LinuxCalls.close(fd);
        }
    }

    @Override
    public String toString() {
        return description;
    }

    private static NetworkNamespace checked(String description, int fd) {
        LinuxException.check(fd, "opening the " + description);
        int kind = LinuxCalls.ioctl(fd, NS_GET_NSTYPE, 0);
        if (kind != LinuxCalls.CLONE_NEWNET) {
            LinuxCalls.close(fd);
            throw LinuxException.invalid("opening the " + description + ": that is not a network namespace");
        }
        return new NetworkNamespace(description, fd);
    }

    private static Path file(String name) {
        if (name.isEmpty() || name.length() > 255 || name.indexOf('/') >= 0 || name.equals(".") || name.equals("..")) {
            throw LinuxException.invalid("\"" + name
                    + "\" is no name of a network namespace: 1 to 255 characters without a slash are needed");
        }
        return FOLDER.resolve(name);
    }

    private static void makeFolderShared(String what) {
        String folder = FOLDER.toString();
        try {
            Files.createDirectories(FOLDER);
        } catch (IOException e) {
            throw LinuxException.of(what + ": creating " + folder, Errno.EACCES.number(), e.getMessage());
        }
        // As ip does: a shared mount point, so that names made here are seen (and can be removed) in every mount
        // namespace that had the folder before.
        int shared = LinuxCalls.mount("", folder, "none", MS_SHARED | MS_REC);
        if (shared == -Errno.EINVAL.number()) {
            LinuxException.check(LinuxCalls.mount(folder, folder, "none", MS_BIND | MS_REC), what);
            shared = LinuxCalls.mount("", folder, "none", MS_SHARED | MS_REC);
        }
        LinuxException.check(shared, what);
    }

    private static <T> T onNewThread(Callable<T> action) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        result.complete(action.call());
                    } catch (Throwable e) {
                        result.completeExceptionally(e);
                    }
                },
                "in-network-namespace");
        thread.setDaemon(true);
        thread.start();
        try {
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new CompletionException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while something ran in a network namespace", e);
        }
    }
}
