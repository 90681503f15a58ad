package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** A socket of the route family of netlink: requests with their answers, or events. For one thread at a time. */
final class NetlinkSocket implements AutoCloseable {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int NETLINK_ROUTE = 0;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int NETLINK_GET_STRICT_CHECK = 12;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int MSG_DONTWAIT = 0x40;

    private static final int TYPE_ERROR = 2;
    private static final int TYPE_DONE = 3;
    private static final int FLAG_DUMP_INTERRUPTED = 0x10;
    private static final int FLAG_HAS_ATTRIBUTES = 0x200;
    private static final int FLAG_CAPPED = 0x100;
    private static final int ERROR_ATTRIBUTE_MESSAGE = 1;

    /** The kernel never fills more than 32 KiB of a dump at once. */
    private static final int RECEIVE_BYTES = 64 << 10;

    /** How often a dump is begun again because what it listed changed meanwhile. */
    private static final int DUMP_ATTEMPTS = 10;

    private final ByteBuffer memory = ByteBuffer.allocateDirect(RECEIVE_BYTES);
    private final UnsafeBuffer received = new UnsafeBuffer(memory);
    private final int fd;
    private int sequence;
    private boolean interrupted;
    private boolean closed;

    private NetlinkSocket(int fd) {
        this.fd = fd;
    }

    /** How one entry of a list is read. */
    interface Parser<T> {
        /**
         * Called for each message of the wanted type.
         *
         * @param start where its fixed part starts in the buffer
         * @param end   where it ends
         * @return null if it is about something that is not listed
         */
        @Nullable
        T parse(DirectBuffer buffer, int start, int end);
    }

    /** What is done with one received message. */
    interface Visitor {
        /**
         * Called for each message.
         *
         * @param type  the message's type
         * @param start where its fixed part starts in the buffer
         * @param end   where it ends
         */
        void message(int type, DirectBuffer buffer, int start, int end);
    }

    /**
     * Opens one in a namespace.
     *
     * @param groups the groups of events to receive, as a bit mask; 0 for requests
     */
    static NetlinkSocket open(NetworkNamespace namespace, int groups) {
        return namespace.call(() -> open(groups));
    }

    private static NetlinkSocket open(int groups) {
        String what = "opening a netlink socket";
        int fd = LinuxException.check(LinuxCalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), what);
        try (Arena arena = Arena.ofConfined()) {
            // An old kernel does without the texts of errors, and without the check of dump requests.
            LinuxCalls.setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
            LinuxCalls.setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHECK, 1);
            LinuxCalls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20);
            // struct sockaddr_nl: family, padding, port id (0: the kernel chooses), groups
            MemorySegment address = arena.allocate(12, 4);
            address.set(JAVA_SHORT, 0, (short) AF_NETLINK);
            address.set(JAVA_INT, 8, groups);
            LinuxException.check(LinuxCalls.bind(fd, address.address(), 12), what);
            return new NetlinkSocket(fd);
        } catch (RuntimeException e) {
            LinuxCalls.close(fd);
            throw e;
        }
    }

    /**
     * Sends a request that changes something and waits for the kernel's word.
     *
     * @param what what is tried on what, for the message of the error
     * @throws LinuxException with the kernel's own text, if it refuses
     */
    void change(NetlinkMessage request, String what) {
        send(request, what);
        boolean acknowledged = false;
        while (!acknowledged) {
            acknowledged = receive(what, (type, buffer, start, end) -> {});
        }
    }

    /** Sends a request for one thing and shows the answer. */
    void query(NetlinkMessage request, String what, Visitor visitor) {
        send(request, what);
        boolean acknowledged = false;
        while (!acknowledged) {
            acknowledged = receive(what, visitor);
        }
    }

    /**
     * Asks for a list.
     *
     * @param type of the messages that are entries
     */
    <T> List<T> list(NetlinkMessage request, int type, String what, Parser<T> parser) {
        List<T> all = new ArrayList<>();
        dump(request, what, all::clear, (each, buffer, start, end) -> {
            T entry = each == type ? parser.parse(buffer, start, end) : null;
            if (entry != null) {
                all.add(entry);
            }
        });
        return all;
    }

    /**
     * Asks for a list and shows each entry, again from the start when the list changed while it was read.
     *
     * @param fresh called before each start
     */
    private void dump(NetlinkMessage request, String what, Runnable fresh, Visitor visitor) {
        for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
            fresh.run();
            interrupted = false;
            send(request, what);
            boolean done = false;
            while (!done) {
                done = receive(what, visitor);
            }
            if (!interrupted) {
                return;
            }
        }
        throw LinuxException.of(what + ": the list changes faster than it can be read", Errno.EBUSY.number());
    }

    /**
     * Shows the events that are there, without waiting.
     *
     * @return false if the kernel dropped events because they were not read in time
     */
    boolean events(Visitor visitor) {
        while (true) {
            int length = LinuxCalls.recv(fd, received.addressOffset(), RECEIVE_BYTES, MSG_DONTWAIT);
            if (length == -Errno.EAGAIN.number()) {
                return true;
            }
            if (length == -Errno.ENOBUFS.number()) {
                return false;
            }
            LinuxException.check(length, "reading events of the network");
            int at = 0;
            while (at + NetlinkMessage.HEADER_LENGTH <= length) {
                int end = messageEnd(at, length);
                visitor.message(received.getShort(at + 4) & 0xFFFF, received, at + NetlinkMessage.HEADER_LENGTH, end);
                at = (end + 3) & ~3;
            }
        }
    }

    /** Waits for an event. */
    boolean awaitEvent(int timeoutMs) {
        return LinuxException.check(LinuxCalls.poll(fd, LinuxCalls.POLLIN, timeoutMs), "waiting for network events")
                != 0;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LinuxCalls.close(fd);
        }
    }

    private void send(NetlinkMessage request, String what) {
        if (closed) {
            throw new IllegalStateException(what + ": the netlink socket was closed");
        }
        int length = request.finish(++sequence);
        try {
            LinuxException.check(LinuxCalls.send(fd, request.address(), length, 0), what);
        } finally {
            Reference.reachabilityFence(request.memory());
        }
    }

    /** True when the answer to the last request is complete. */
    private boolean receive(String what, Visitor visitor) {
        int length = LinuxException.check(LinuxCalls.recv(fd, received.addressOffset(), RECEIVE_BYTES, 0), what);
        boolean done = false;
        int at = 0;
        while (at + NetlinkMessage.HEADER_LENGTH <= length) {
            int end = messageEnd(at, length);
            int type = received.getShort(at + 4) & 0xFFFF;
            int flags = received.getShort(at + 6) & 0xFFFF;
            int start = at + NetlinkMessage.HEADER_LENGTH;
            // An answer to a request that failed earlier is of no interest any more.
            if (received.getInt(at + 8) == sequence) {
                interrupted |= (flags & FLAG_DUMP_INTERRUPTED) != 0;
                if (type == TYPE_ERROR || type == TYPE_DONE) {
                    int error = end - start >= 4 ? received.getInt(start) : 0;
                    if (error < 0) {
                        throw LinuxException.of(what, error, errorText(type, flags, start, end));
                    }
                    done = true;
                } else {
                    visitor.message(type, received, start, end);
                }
            }
            at = (end + 3) & ~3;
        }
        return done;
    }

    private int messageEnd(int at, int length) {
        int end = at + received.getInt(at);
        return end < at + NetlinkMessage.HEADER_LENGTH || end > length ? length : end;
    }

    private @Nullable String errorText(int type, int flags, int start, int end) {
        if ((flags & FLAG_HAS_ATTRIBUTES) == 0) {
            return null;
        }
        int attributes = start + 4;
        if (type == TYPE_ERROR && end - attributes >= NetlinkMessage.HEADER_LENGTH) {
            // The header of the request is repeated, and without the capped flag the rest of it, too.
            attributes +=
                    (flags & FLAG_CAPPED) != 0 ? NetlinkMessage.HEADER_LENGTH : (received.getInt(attributes) + 3) & ~3;
        }
        if (attributes >= end) {
            return null;
        }
        String text = new NetlinkAttributes(received, attributes, end).text(ERROR_ATTRIBUTE_MESSAGE);
        return text.isEmpty() ? null : text;
    }
}
