package io.weir.conntrack;

import java.time.Duration;

/** What conntrack knows of an SCTP association by watching both directions. */
enum SctpState {
    CLOSED,
    COOKIE_WAIT,
    COOKIE_ECHOED,
    ESTABLISHED,
    SHUTDOWN_SENT,
    SHUTDOWN_RECEIVED,
    SHUTDOWN_ACK_SENT;

    private static final SctpState[] VALUES = values();

    static SctpState of(int ordinal) {
        return VALUES[ordinal];
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
