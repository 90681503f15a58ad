package io.weir.dataplane.linux;

/**
 * Error numbers of Linux (asm-generic, the same on x86-64 and arm64) with the sentence that a person should read.
 * Only those that the calls made here can return are listed; any other is {@link #OTHER}.
 */
public enum Errno {
    EPERM(1, "operation not permitted"),
    ENOENT(2, "no such file, link or entry"),
    ESRCH(3, "no such process or entry"),
    EINTR(4, "interrupted"),
    EIO(5, "the device is down or failed"),
    ENXIO(6, "no such device or address"),
    E2BIG(7, "too many"),
    EBADF(9, "not an open file"),
    EAGAIN(11, "nothing there, or no room, at the moment"),
    ENOMEM(12, "out of memory"),
    EACCES(13, "permission denied"),
    EFAULT(14, "address outside of the process"),
    EBUSY(16, "in use by somebody else"),
    EEXIST(17, "exists already"),
    EXDEV(18, "crosses devices"),
    ENODEV(19, "no such device"),
    ENOTDIR(20, "a part of the path is not a directory"),
    EISDIR(21, "is a directory"),
    EINVAL(22, "not valid for this device, or not known to this kernel"),
    ENFILE(23, "the machine has too many open files"),
    EMFILE(24, "this process has too many open files (raise ulimit -n)"),
    ENOTTY(25, "this kind of file does not know the request"),
    ENOSPC(28, "no space left"),
    EROFS(30, "the file system is read-only"),
    EPIPE(32, "the other side is closed"),
    ERANGE(34, "out of range"),
    ENAMETOOLONG(36, "name too long"),
    ENOSYS(38, "not in this kernel"),
    ELOOP(40, "too many symbolic links"),
    EBADFD(77, "the device is detached or in the wrong state"),
    EMSGSIZE(90, "message too long"),
    EPROTOTYPE(91, "wrong kind of socket"),
    ENOPROTOOPT(92, "option not known to this kernel"),
    EPROTONOSUPPORT(93, "protocol not known to this kernel"),
    EOPNOTSUPP(95, "not supported by this device or kernel"),
    EAFNOSUPPORT(97, "address family not known to this kernel"),
    EADDRINUSE(98, "address in use"),
    EADDRNOTAVAIL(99, "no such address"),
    ENETDOWN(100, "the interface is down"),
    ENETUNREACH(101, "network unreachable"),
    ENOBUFS(105, "no buffer space left"),
    EISCONN(106, "connected already"),
    ENOTCONN(107, "not connected"),
    ETIMEDOUT(110, "timed out"),
    EHOSTUNREACH(113, "host unreachable"),
    EALREADY(114, "under way already"),
    /** A number that has no constant here. */
    OTHER(0, "unexpected error");

    private static final Errno[] BY_NUMBER = new Errno[128];

    static {
        for (Errno errno : values()) {
            BY_NUMBER[errno.number] = errno;
        }
    }

    private final int number;
    private final String sentence;

    Errno(int number, String sentence) {
        this.number = number;
        this.sentence = sentence;
    }

    /** The constant for a number, or {@link #OTHER}. */
    public static Errno of(int number) {
        Errno errno = number > 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
        return errno == null ? OTHER : errno;
    }

    /** The number that Linux uses. */
    public int number() {
        return number;
    }

    /** What it means, in lower case and without a full stop. */
    public String sentence() {
        return sentence;
    }
}
