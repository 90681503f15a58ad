package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The system calls of the packet path: addresses are longs, the result is what the call returned or the negative error
 * number, and nothing is allocated. The files must be non-blocking: the calls are linked as critical, so a thread that
 * waited in one would stop the garbage collector of the whole JVM.
 *
 * <p>An instance holds the place for one error number: one for each thread.
 */
public final class PacketCalls {
    /** What a call on a file that has nothing to give, or no room, returns. */
    public static final int WOULD_BLOCK = -11;

    /** What sending returns when the kernel's memory for frames on their way is used up. */
    public static final int NO_BUFFERS = -105;

    /** For {@link #send}: do not wait. */
    public static final int MSG_DONTWAIT = 0x40;

    private static final MethodHandle READ =
            LinuxCalls.criticalFunction("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE =
            LinuxCalls.criticalFunction("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle READV =
            LinuxCalls.criticalFunction("readv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle WRITEV =
            LinuxCalls.criticalFunction("writev", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SEND =
            LinuxCalls.criticalFunction("send", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECV =
            LinuxCalls.criticalFunction("recv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SENDMMSG =
            LinuxCalls.criticalFunction("sendmmsg", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle RECVMMSG =
            LinuxCalls.criticalFunction("recvmmsg", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);

    private static final MethodHandle GETSOCKOPT =
            LinuxCalls.criticalFunction("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);

    private final MemorySegment state = LinuxCalls.newState();

    /** Bytes read to the address, or the negative error number. */
    public int read(int fd, long address, int length) {
        try {
            return result((long) READ.invokeExact(state, fd, address, (long) length));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Bytes written from the address, or the negative error number. */
    public int write(int fd, long address, int length) {
        try {
            return result((long) WRITE.invokeExact(state, fd, address, (long) length));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Bytes read to the {@code count} pieces that the {@code struct iovec}s at the address name. */
    public int readv(int fd, long vectorAddress, int count) {
        try {
            return result((long) READV.invokeExact(state, fd, vectorAddress, count));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Bytes written from the {@code count} pieces that the {@code struct iovec}s at the address name. */
    public int writev(int fd, long vectorAddress, int count) {
        try {
            return result((long) WRITEV.invokeExact(state, fd, vectorAddress, count));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Bytes sent from the address (0 with no address: kicks a transmit ring), or the negative error number. */
    public int send(int fd, long address, int length, int flags) {
        try {
            return result((long) SEND.invokeExact(state, fd, address, (long) length, flags));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Bytes received to the address, or the negative error number. */
    public int recv(int fd, long address, int length, int flags) {
        try {
            return result((long) RECV.invokeExact(state, fd, address, (long) length, flags));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Messages sent, of the {@code count} {@code struct mmsghdr}s at the address, or the negative error number. */
    public int sendmmsg(int fd, long vectorAddress, int count, int flags) {
        try {
            return result((int) SENDMMSG.invokeExact(state, fd, vectorAddress, count, flags));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Fills the bytes at the address, as many as the number at the other address says; 0, or the negative error number. */
    public int getsockopt(int fd, int level, int option, long address, long lengthAddress) {
        try {
            return result((int) GETSOCKOPT.invokeExact(state, fd, level, option, address, lengthAddress));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Messages received to the {@code count} {@code struct mmsghdr}s at the address, or the negative error number. */
    public int recvmmsg(int fd, long vectorAddress, int count, int flags) {
        try {
            return result((int) RECVMMSG.invokeExact(state, fd, vectorAddress, count, flags, 0L));
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    private int result(long returned) {
        return returned >= 0 ? (int) returned : -LinuxCalls.errno(state);
    }
}
