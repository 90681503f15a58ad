package io.weir.agent.source;

import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import org.jspecify.annotations.Nullable;

/**
 * A watch that begins under the lock of those who write objects past HTTP: the mock server walks through what it stores then, and a
 * watch that meets a writer there would stay deaf. Its end is no matter of the server's only thread.
 */
final class LockedWatch extends WebSocketListener {
    private final WebSocketListener watch;
    private final Object lock;

    LockedWatch(WebSocketListener watch, Object lock) {
        this.watch = watch;
        this.lock = lock;
    }

    @Override
    public void onBeforeAccept(WebSocket socket, Response response) {
        watch.onBeforeAccept(socket, response);
    }

    @Override
    public void onOpen(WebSocket socket, Response response) {
        synchronized (lock) {
            watch.onOpen(socket, response);
        }
    }

    @Override
    public void onMessage(WebSocket socket, String text) {
        watch.onMessage(socket, text);
    }

    @Override
    public void onClosing(WebSocket socket, int code, String reason) {
        watch.onClosing(socket, code, reason);
    }

    /** The watch waits until all is sent, half a minute at most, and only this thread can send: another one has to wait. */
    @Override
    public void onClosed(WebSocket socket, int code, String reason) {
        Thread.ofVirtual().start(() -> watch.onClosed(socket, code, reason));
    }

    /** It waits as {@link #onClosed} does. */
    @Override
    public void onFailure(WebSocket socket, Throwable problem, @Nullable Response response) {
        Thread.ofVirtual().start(() -> watch.onFailure(socket, problem, response));
    }
}
