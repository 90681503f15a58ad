package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The system calls that set things up. Each returns what the C library's function of that name returns, except that a
 * failure is the negative error number; addresses are plain longs. They may block and are not for the packet path
 * (see {@link PacketCalls}).
 */
final class LinuxCalls {
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;

    static final int CLONE_NEWNET = 0x40000000;

    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MAP_SHARED = 1;
    static final int MAP_POPULATE = 0x8000;

    static final int POLLIN = 1;
    static final int POLLOUT = 4;
    static final int POLLERR = 8;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE_LAYOUT = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE_LAYOUT.varHandle(PathElement.groupElement("errno"));

    /** Where a failed call of this thread leaves its error number. */
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE_LAYOUT));

    private static final MethodHandle OPEN = variadic("open", 2, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = function("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle UNLINK = function("unlink", JAVA_INT, ADDRESS);
    private static final MethodHandle IOCTL = variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FCNTL = variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SOCKET = function("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = function("bind", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SETSOCKOPT =
            function("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle GETSOCKOPT =
            function("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GETSOCKNAME = function("getsockname", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SEND = function("send", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECV = function("recv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle READ = function("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE = function("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle POLL = function("poll", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle EVENTFD = function("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle MMAP =
            function("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MUNMAP = function("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MADVISE = function("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SETNS = function("setns", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle UNSHARE = function("unshare", JAVA_INT, JAVA_INT);
    private static final MethodHandle MOUNT =
            function("mount", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle UMOUNT2 = function("umount2", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SCHED_SETAFFINITY =
            function("sched_setaffinity", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GETTID = function("gettid", JAVA_INT);
    private static final MethodHandle SYSCALL =
            variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private static final MethodHandle EPOLL_CREATE1 = function("epoll_create1", JAVA_INT, JAVA_INT);
    private static final MethodHandle EPOLL_CTL =
            function("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);

    private static final boolean IS_ARM = System.getProperty("os.arch").equals("aarch64");

    /** bpf(2) has no function in the C library, only a number of each kind of machine. */
    private static final long BPF = IS_ARM ? 280 : 321;

    /** The same with sched_setattr(2). */
    private static final long SCHED_SETATTR = IS_ARM ? 274 : 314;

    private static final long GETPRIORITY = IS_ARM ? 141 : 140;

    private LinuxCalls() {}

    static int open(String path, int flags) {
        return open(path, flags, 0);
    }

    static int open(String path, int flags, int mode) {
        return withText(path, text -> call(state -> (int) OPEN.invokeExact(state, text, flags, mode)));
    }

    static int close(int fd) {
        return call(state -> (int) CLOSE.invokeExact(state, fd));
    }

    static int unlink(String path) {
        return withText(path, text -> call(state -> (int) UNLINK.invokeExact(state, text)));
    }

    /** The argument is an address or a number, as the request has it. */
    static int ioctl(int fd, long request, long argument) {
        return call(state -> (int) IOCTL.invokeExact(state, fd, request, argument));
    }

    static int fcntl(int fd, int command, int argument) {
        return call(state -> (int) FCNTL.invokeExact(state, fd, command, argument));
    }

    static int socket(int domain, int type, int protocol) {
        return call(state -> (int) SOCKET.invokeExact(state, domain, type, protocol));
    }

    static int bind(int fd, long address, int length) {
        return call(state -> (int) BIND.invokeExact(state, fd, address, length));
    }

    static int setsockopt(int fd, int level, int option, long address, int length) {
        return call(state -> (int) SETSOCKOPT.invokeExact(state, fd, level, option, address, length));
    }

    static int setsockopt(int fd, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return setsockopt(
                    fd, level, option, arena.allocateFrom(JAVA_INT, value).address(), Integer.BYTES);
        }
    }

    /** Fills the bytes at the address; the result is the number of bytes that the kernel wrote. */
    static int getsockopt(int fd, int level, int option, long address, int length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocateFrom(JAVA_INT, length);
            long sizeAddress = size.address();
            int result = call(state -> (int) GETSOCKOPT.invokeExact(state, fd, level, option, address, sizeAddress));
            return result < 0 ? result : size.get(JAVA_INT, 0);
        }
    }

    /** Fills the bytes at the address; the result is the number of bytes that the kernel wrote. */
    static int getsockname(int fd, long address, int length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocateFrom(JAVA_INT, length);
            long sizeAddress = size.address();
            int result = call(state -> (int) GETSOCKNAME.invokeExact(state, fd, address, sizeAddress));
            return result < 0 ? result : size.get(JAVA_INT, 0);
        }
    }

    static int send(int fd, long address, int length, int flags) {
        return call(state -> (int) (long) SEND.invokeExact(state, fd, address, (long) length, flags));
    }

    static int recv(int fd, long address, int length, int flags) {
        return call(state -> (int) (long) RECV.invokeExact(state, fd, address, (long) length, flags));
    }

    static int read(int fd, long address, int length) {
        return call(state -> (int) (long) READ.invokeExact(state, fd, address, (long) length));
    }

    static int write(int fd, long address, int length) {
        return call(state -> (int) (long) WRITE.invokeExact(state, fd, address, (long) length));
    }

    /**
     * Waits for one file.
     *
     * @return the events that are there (0: none in time)
     */
    static int poll(int fd, int events, int timeoutMs) {
        try (Arena arena = Arena.ofConfined()) {
            // struct pollfd: int fd, short events, short revents
            MemorySegment pollfd = arena.allocate(8, 4);
            pollfd.set(JAVA_INT, 0, fd);
            pollfd.set(JAVA_INT, 4, events & 0xFFFF);
            long address = pollfd.address();
            int result = call(state -> (int) POLL.invokeExact(state, address, 1L, timeoutMs));
            return result <= 0 ? result : pollfd.get(JAVA_INT, 4) >>> 16;
        }
    }

    static int eventfd(int initial, int flags) {
        return call(state -> (int) EVENTFD.invokeExact(state, initial, flags));
    }

    /** The address of the mapping, or the negative error number. */
    static long mmap(long address, long length, int protection, int flags, int fd, long offset) {
        MemorySegment state = STATE.get();
        try {
            long result = (long) MMAP.invokeExact(state, address, length, protection, flags, fd, offset);
            return result == -1 ? -(int) ERRNO.get(state, 0L) : result;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int munmap(long address, long length) {
        return call(state -> (int) MUNMAP.invokeExact(state, address, length));
    }

    static int madvise(long address, long length, int advice) {
        return call(state -> (int) MADVISE.invokeExact(state, address, length, advice));
    }

    static int setns(int fd, int type) {
        return call(state -> (int) SETNS.invokeExact(state, fd, type));
    }

    static int unshare(int flags) {
        return call(state -> (int) UNSHARE.invokeExact(state, flags));
    }

    static int mount(String source, String target, String type, long flags) {
        return withText(
                source,
                from -> withText(
                        target,
                        to -> withText(
                                type,
                                kind -> call(state -> (int) MOUNT.invokeExact(state, from, to, kind, flags, 0L)))));
    }

    static int umount2(String target, int flags) {
        return withText(target, text -> call(state -> (int) UMOUNT2.invokeExact(state, text, flags)));
    }

    /** Binds a thread (0: the calling one) to the processors whose bits are set at the address. */
    static int schedSetaffinity(int tid, long length, long address) {
        return call(state -> (int) SCHED_SETAFFINITY.invokeExact(state, tid, length, address));
    }

    /** bpf(2): what it does with the block of memory at the address is up to the command. */
    static int bpf(int command, long address, int length) {
        return call(state -> (int) (long) SYSCALL.invokeExact(state, BPF, (long) command, address, (long) length));
    }

    /** sched_setattr(2) for the calling thread: the struct sched_attr at the address. */
    static int schedSetattr(long address) {
        return call(state -> (int) (long) SYSCALL.invokeExact(state, SCHED_SETATTR, 0L, address, 0L));
    }

    /** The calling thread's nice value, -20 to 19. */
    static int nice() {
        // unlike the C library's function, the call itself returns a positive number, from which nice is counted down
        return 20 - call(state -> (int) (long) SYSCALL.invokeExact(state, GETPRIORITY, 0L, 0L, 0L));
    }

    static int epollCreate() {
        return call(state -> (int) EPOLL_CREATE1.invokeExact(state, O_CLOEXEC));
    }

    /** epoll_ctl(2) with the struct epoll_event at the address. */
    static int epollCtl(int epoll, int operation, int fd, long address) {
        return call(state -> (int) EPOLL_CTL.invokeExact(state, epoll, operation, fd, address));
    }

    static int gettid() {
        return call(state -> (int) GETTID.invokeExact(state));
    }

    /** A function for the packet path: it must not block, and the JVM makes no transition around it. */
    static MethodHandle criticalFunction(String name, MemoryLayout result, MemoryLayout... arguments) {
        return link(
                name,
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.critical(false));
    }

    /** A function that may wait, allocates nothing and keeps no error number: its result is the C library's. */
    static MethodHandle waitingFunction(String name, MemoryLayout result, MemoryLayout... arguments) {
        return link(name, FunctionDescriptor.of(result, arguments));
    }

    /** Memory, for the life of the process, that a captured error number fits in. */
    static MemorySegment newState() {
        return Arena.global().allocate(STATE_LAYOUT);
    }

    static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    static AssertionError unexpected(Throwable e) {
        return new AssertionError("a linked function cannot throw", e);
    }

    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return link(name, FunctionDescriptor.of(result, arguments), Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle variadic(String name, int fixed, MemoryLayout result, MemoryLayout... arguments) {
        return link(
                name,
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    private static MethodHandle link(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        MemorySegment address = LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no function " + name));
        return LINKER.downcallHandle(address, descriptor, options);
    }

    private interface Call {
        int apply(MemorySegment state) throws Throwable;
    }

    private interface TextCall {
        int apply(MemorySegment text);
    }

    private static int call(Call call) {
        MemorySegment state = STATE.get();
        try {
            int result = call.apply(state);
            return result == -1 ? -(int) ERRNO.get(state, 0L) : result;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static int withText(String text, TextCall call) {
        try (Arena arena = Arena.ofConfined()) {
            return call.apply(arena.allocateFrom(text));
        }
    }
}
