package io.weir.conntrack;

import java.time.Duration;

/** What conntrack knows of an SCTP association by watching both directions. */
enum SctpState {
    CLOSED(0),
    COOKIE_WAIT(1),
    COOKIE_ECHOED(2),
    ESTABLISHED(3),
    SHUTDOWN_SENT(4),
    SHUTDOWN_RECEIVED(5),
    SHUTDOWN_ACK_SENT(6);

    private static final SctpState[] BY_CODE = values();

    /** The number in an entry's status word. */
    final int code;

    SctpState(int code) {
        this.code = code;
    }

    static SctpState of(int code) {
        return BY_CODE[code];
    }

    Duration timeout(ConntrackTimeouts timeouts) {
        return switch (this) {
            case CLOSED -> timeouts.sctpClosed();
            case COOKIE_WAIT, COOKIE_ECHOED -> timeouts.sctpHandshake();
            case ESTABLISHED -> timeouts.sctpEstablished();
            case SHUTDOWN_SENT, SHUTDOWN_RECEIVED, SHUTDOWN_ACK_SENT -> timeouts.sctpShutdown();
        };
    }
}
