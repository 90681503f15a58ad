package io.weir.agent.api;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jctools.queues.MpscArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * What workers have seen for one client, on its way to it: bounded in number and bytes, so that a slow client costs the node
 * nothing but the loss of what it asked for, which is counted.
 */
final class ObservedQueue<T> {
    private static final int CAPACITY = 8192;
    private static final long MAX_BYTES = 64L << 20;
    private static final long PAUSE_MS = 5;
    private static final int BETWEEN_FLUSHES = 256;

    private final MpscArrayQueue<T> queue = new MpscArrayQueue<>(CAPACITY);
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final Function<T, byte[]> bytesOf;

    /**
     * @param bytesOf the largest part of an element
     */
    ObservedQueue(Function<T, byte[]> bytesOf) {
        this.bytesOf = bytesOf;
    }

    /** Worker: never waits. */
    void offer(T seen) {
        final int length = bytesOf.apply(seen).length;
        if (bytes.addAndGet(length) > MAX_BYTES || !queue.offer(seen)) {
            bytes.addAndGet(-length);
            lost.incrementAndGet();
        }
    }

    /** The client's thread: writes what comes until the client hangs up, and then what had come by then. */
    void pump(ApiAnswer answer, Function<T, Map<String, @Nullable Object>> tree) throws IOException {
        long toldLost = 0;
        boolean isOver = false;
        while (!isOver) {
            isOver = !answer.isOpen();
            final int most = isOver ? queue.size() : BETWEEN_FLUSHES;
            int count = 0;
            while (count < most) {
                final T seen = queue.poll();
                if (seen == null) {
                    break;
                }
                bytes.addAndGet(-bytesOf.apply(seen).length);
                answer.line(tree.apply(seen));
                count++;
            }
            final long lostNow = lost.get();
            if (lostNow != toldLost) {
                toldLost = lostNow;
                answer.line(Map.of("lost", lostNow));
            }
            answer.flush();
            if (count == 0 && !isOver && !pause()) {
                return;
            }
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(PAUSE_MS);
            return true;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
