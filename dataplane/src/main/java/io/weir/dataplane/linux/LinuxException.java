package io.weir.dataplane.linux;

import org.jspecify.annotations.Nullable;

/**
 * A request that Linux refused. The message is one line for a person: what was tried on what, why it failed, and where
 * it helps, what to do.
 */
public final class LinuxException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int number;

    private LinuxException(int number, String message) {
        super(message);
        this.number = number;
    }

    /**
     * An error whose reason says it all.
     *
     * @param what  what was tried, on what, such as {@code opening /dev/net/tun}
     * @param errno the error number; a negative one, as the calls here return it, means the same
     */
    public static LinuxException of(String what, int errno) {
        return of(what, errno, null);
    }

    /**
     * An error with advice.
     *
     * @param what  what was tried, on what, such as {@code opening /dev/net/tun}
     * @param errno the error number; a negative one, as the calls here return it, means the same
     * @param hint  what is missing or what to do, or null where the reason says it all
     */
    public static LinuxException of(String what, int errno, @Nullable String hint) {
        int number = Math.abs(errno);
        Errno known = Errno.of(number);
        String label = known == Errno.OTHER ? "errno " + number : known.name();
        String advice = hint == null && known == Errno.EPERM ? "this needs more capabilities (run as root)" : hint;
        return new LinuxException(
                number, what + ": " + known.sentence() + " (" + label + ")" + (advice == null ? "" : ": " + advice));
    }

    /** A request that is wrong before Linux is even asked. */
    static LinuxException invalid(String message) {
        return new LinuxException(Errno.EINVAL.number(), message);
    }

    /** The error that Linux gave. */
    public Errno errno() {
        return Errno.of(number);
    }

    /**
     * The result of a call, if it did not fail.
     *
     * @param result what the call returned: negative means failed, by that error number
     * @param what   what was tried
     */
    static int check(int result, String what) {
        if (result < 0) {
            throw of(what, result);
        }
        return result;
    }
}
