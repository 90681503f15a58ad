package io.weir.conntrack;

import java.time.Duration;

/** What conntrack knows of a TCP connection by watching both directions. */
enum TcpState {
    NONE,
    SYN_SENT,
    SYN_RECEIVED,
    ESTABLISHED,
    /** One side has sent FIN. */
    FIN_WAIT,
    /** One side's FIN was acknowledged. */
    CLOSE_WAIT,
    /** Both sides have sent FIN. */
    LAST_ACK,
    TIME_WAIT,
    /** Reset. */
    CLOSE,
    /** Both sides have sent SYN: simultaneous open. */
    SYN_SENT2;

    private static final TcpState[] VALUES = values();

    static TcpState of(int ordinal) {
        return VALUES[ordinal];
    }

    Duration timeout(ConntrackTimeouts timeouts) {
        return switch (this) {
            case NONE, CLOSE -> timeouts.tcpClose();
            case SYN_SENT, SYN_SENT2 -> timeouts.tcpSynSent();
            case SYN_RECEIVED -> timeouts.tcpSynReceived();
            case ESTABLISHED -> timeouts.tcpEstablished();
            case FIN_WAIT -> timeouts.tcpFinWait();
            case CLOSE_WAIT -> timeouts.tcpCloseWait();
            case LAST_ACK -> timeouts.tcpLastAck();
            case TIME_WAIT -> timeouts.tcpTimeWait();
        };
    }
}
