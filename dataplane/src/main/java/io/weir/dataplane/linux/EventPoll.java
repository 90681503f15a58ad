package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weir.dataplane.memory.OffHeap;
import java.lang.invoke.MethodHandle;

/**
 * Waits until one of many open files becomes readable, or another thread wakes it (epoll(7), eventfd(2)). Waiting and waking
 * allocate nothing; a wait costs the same for one file and for a thousand.
 *
 * <p>A file is reported once each time that something arrives there, not for as long as something is left: read until there is
 * nothing more before waiting. So a file in an error that nobody mends does not keep the waiting thread awake.
 */
public final class EventPoll implements AutoCloseable {
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLLIN = 1;
    private static final int EPOLLET = 1 << 31;
    private static final int EFD_NONBLOCK = LinuxCalls.O_NONBLOCK;

    /** {@code struct epoll_event}, which is packed on x86-64 and not elsewhere. */
    private static final int EVENT_BYTES = 16;

    private static final MethodHandle EPOLL_WAIT =
            LinuxCalls.waitingFunction("epoll_wait", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);

    private final int epoll;
    private final int bell;

    /** An event, and behind it the number 1, which rings the bell. */
    private final long memory = OffHeap.allocate(EVENT_BYTES + Long.BYTES);

    private boolean closed;

    private EventPoll(int epoll, int bell) {
        this.epoll = epoll;
        this.bell = bell;
        OffHeap.putLong(memory + EVENT_BYTES, 1);
    }

    /** Opens one that waits for nothing but {@link #wake()}. */
    public static EventPoll open() {
        final String what = "opening an event poll";
        final int epoll = LinuxException.check(LinuxCalls.epollCreate(), what);
        final int bell = LinuxCalls.eventfd(0, EFD_NONBLOCK | LinuxCalls.O_CLOEXEC);
        if (bell < 0) {
            LinuxCalls.close(epoll);
            throw LinuxException.of(what, bell);
        }
        final EventPoll poll = new EventPoll(epoll, bell);
        poll.add(bell);
        return poll;
    }

    /**
     * Waits for this file, too. For the waiting thread.
     *
     * @throws LinuxException when it is no file that can be waited for
     */
    public void add(int fd) {
        LinuxException.check(control(EPOLL_CTL_ADD, fd), "waiting for file " + fd);
    }

    /** Waits no more for this file; call it before the file is closed. For the waiting thread. */
    public void remove(int fd) {
        control(EPOLL_CTL_DEL, fd);
    }

    private int control(int operation, int fd) {
        OffHeap.putInt(memory, EPOLLIN | EPOLLET);
        return LinuxCalls.epollCtl(epoll, operation, fd, memory);
    }

    /**
     * Waits until a file becomes readable, {@link #wake()} is called, or time is up; something that happened since the last wait
     * ends it at once.
     *
     * @return whether something has happened
     */
    public boolean await(int timeoutMs) {
        try {
            return (int) EPOLL_WAIT.invokeExact(epoll, memory, 1, timeoutMs) > 0;
        } catch (Throwable e) {
            throw LinuxCalls.unexpected(e);
        }
    }

    /** Ends the wait that is under way, or else the next one. Any thread. */
    public void wake() {
        LinuxCalls.write(bell, memory + EVENT_BYTES, Long.BYTES);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LinuxCalls.close(epoll);
            LinuxCalls.close(bell);
            OffHeap.free(memory);
        }
    }
}
