package io.weir.conntrack;

import java.time.Duration;

/**
 * How long a silent connection is kept, by protocol and state. {@link #LINUX} holds nf_conntrack's defaults
 * (of Linux 6.18; SCTP's were longer before 6.2).
 *
 * @param tcpSynSent        the SYN has no answer yet
 * @param tcpSynReceived    SYN and SYN-ACK were seen
 * @param tcpEstablished    both directions are open
 * @param tcpFinWait        one side has closed
 * @param tcpCloseWait      one side's FIN was acknowledged
 * @param tcpLastAck        both sides have closed
 * @param tcpTimeWait       the last FIN was acknowledged
 * @param tcpClose          reset
 * @param tcpUnacknowledged established, but data or the mid-stream pick-up was never answered
 * @param udp               no answer yet, or younger than two seconds
 * @param udpStream         answered and older than two seconds
 * @param icmp              echo and other queries
 * @param sctpHandshake     between INIT and the end of the cookie exchange
 * @param sctpEstablished   associated
 * @param sctpShutdown      shutting down
 * @param sctpClosed        ended or aborted
 * @param generic           every other protocol
 */
public record ConntrackTimeouts(
        Duration tcpSynSent,
        Duration tcpSynReceived,
        Duration tcpEstablished,
        Duration tcpFinWait,
        Duration tcpCloseWait,
        Duration tcpLastAck,
        Duration tcpTimeWait,
        Duration tcpClose,
        Duration tcpUnacknowledged,
        Duration udp,
        Duration udpStream,
        Duration icmp,
        Duration sctpHandshake,
        Duration sctpEstablished,
        Duration sctpShutdown,
        Duration sctpClosed,
        Duration generic) {

    /** Longer ones would overflow the 30-bit clock of the table. */
    public static final Duration LONGEST = Duration.ofDays(60);

    public static final ConntrackTimeouts LINUX = new ConntrackTimeouts(
            Duration.ofSeconds(120),
            Duration.ofSeconds(60),
            Duration.ofDays(5),
            Duration.ofSeconds(120),
            Duration.ofSeconds(60),
            Duration.ofSeconds(30),
            Duration.ofSeconds(120),
            Duration.ofSeconds(10),
            Duration.ofSeconds(300),
            Duration.ofSeconds(30),
            Duration.ofSeconds(120),
            Duration.ofSeconds(30),
            Duration.ofSeconds(3),
            Duration.ofSeconds(210),
            Duration.ofSeconds(3),
            Duration.ofSeconds(10),
            Duration.ofSeconds(600));

    /** @throws IllegalArgumentException when a timeout is not positive or longer than {@link #LONGEST} */
    public ConntrackTimeouts {
        check("tcpSynSent", tcpSynSent);
        check("tcpSynReceived", tcpSynReceived);
        check("tcpEstablished", tcpEstablished);
        check("tcpFinWait", tcpFinWait);
        check("tcpCloseWait", tcpCloseWait);
        check("tcpLastAck", tcpLastAck);
        check("tcpTimeWait", tcpTimeWait);
        check("tcpClose", tcpClose);
        check("tcpUnacknowledged", tcpUnacknowledged);
        check("udp", udp);
        check("udpStream", udpStream);
        check("icmp", icmp);
        check("sctpHandshake", sctpHandshake);
        check("sctpEstablished", sctpEstablished);
        check("sctpShutdown", sctpShutdown);
        check("sctpClosed", sctpClosed);
        check("generic", generic);
    }

    private static void check(String name, Duration timeout) {
        if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "conntrack timeout " + name + " is " + timeout + ", outside of 0 (exclusive) to " + LONGEST);
        }
    }

    /** These timeouts with other ones for UDP. */
    public ConntrackTimeouts withUdp(Duration newUdp, Duration newUdpStream) {
        return new ConntrackTimeouts(
                tcpSynSent,
                tcpSynReceived,
                tcpEstablished,
                tcpFinWait,
                tcpCloseWait,
                tcpLastAck,
                tcpTimeWait,
                tcpClose,
                tcpUnacknowledged,
                newUdp,
                newUdpStream,
                icmp,
                sctpHandshake,
                sctpEstablished,
                sctpShutdown,
                sctpClosed,
                generic);
    }
}
