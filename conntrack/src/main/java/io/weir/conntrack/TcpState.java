package io.weir.conntrack;

import java.time.Duration;

/** What conntrack knows of a TCP connection by watching both directions. */
enum TcpState {
    NONE(0),
    SYN_SENT(1),
    SYN_RECEIVED(2),
    ESTABLISHED(3),
    /** One side has sent FIN. */
    FIN_WAIT(4),
    /** One side's FIN was acknowledged. */
    CLOSE_WAIT(5),
    /** Both sides have sent FIN. */
    LAST_ACK(6),
    TIME_WAIT(7),
    /** Reset. */
    CLOSE(8),
    /** Both sides have sent SYN: simultaneous open. */
    SYN_SENT2(9);

    private static final TcpState[] BY_CODE = values();

    /** The number in an entry's status word. */
    final int code;

    TcpState(int code) {
        this.code = code;
    }

    static TcpState of(int code) {
        return BY_CODE[code];
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
