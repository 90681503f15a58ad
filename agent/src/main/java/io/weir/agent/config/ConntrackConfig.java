package io.weir.agent.config;

import java.time.Duration;

/** Section {@code conntrack}. The defaults are those of Linux. Every duration is at most 60 days. */
public record ConntrackConfig(
        @Setting(value = "Accept TCP segments outside the window.", byDefault = "false")
        boolean tcpLiberal,

        @Setting(value = "Take up TCP connections whose beginning was not seen.", byDefault = "true")
        boolean tcpLoose,

        @Setting(value = "TCP: SYN sent, no answer yet.", byDefault = "120s", min = 1000, max = LONGEST)
        Duration tcpSynSent,

        @Setting(value = "TCP: SYN answered, not yet acknowledged.", byDefault = "60s", min = 1000, max = LONGEST)
        Duration tcpSynReceived,

        @Setting(value = "TCP: established and idle.", byDefault = "5d", min = 1000, max = LONGEST)
        Duration tcpEstablished,

        @Setting(value = "TCP: one side has closed.", byDefault = "120s", min = 1000, max = LONGEST)
        Duration tcpFinWait,

        @Setting(value = "TCP: one side's FIN was acknowledged.", byDefault = "60s", min = 1000, max = LONGEST)
        Duration tcpCloseWait,

        @Setting(value = "TCP: both sides have closed.", byDefault = "30s", min = 1000, max = LONGEST)
        Duration tcpLastAck,

        @Setting(value = "TCP: the last FIN was acknowledged.", byDefault = "120s", min = 1000, max = LONGEST)
        Duration tcpTimeWait,

        @Setting(value = "TCP: reset.", byDefault = "10s", min = 1000, max = LONGEST)
        Duration tcpClose,

        @Setting(
                value = "TCP: established, but data was never answered.",
                byDefault = "300s",
                min = 1000,
                max = LONGEST)
        Duration tcpUnacknowledged,

        @Setting(value = "UDP: no answer yet.", byDefault = "30s", min = 1000, max = LONGEST)
        Duration udp,

        @Setting(value = "UDP: answered and older than two seconds.", byDefault = "120s", min = 1000, max = LONGEST)
        Duration udpStream,

        @Setting(value = "ICMP and ICMPv6 echo.", byDefault = "30s", min = 1000, max = LONGEST)
        Duration icmp,

        @Setting(
                value = "SCTP: between INIT and the end of the cookie exchange.",
                byDefault = "3s",
                min = 1000,
                max = LONGEST)
        Duration sctpHandshake,

        @Setting(value = "SCTP: associated.", byDefault = "5d", min = 1000, max = LONGEST)
        Duration sctpEstablished,

        @Setting(value = "SCTP: shutting down.", byDefault = "3s", min = 1000, max = LONGEST)
        Duration sctpShutdown,

        @Setting(value = "SCTP: ended or aborted.", byDefault = "10s", min = 1000, max = LONGEST)
        Duration sctpClosed,

        @Setting(value = "Other protocols.", byDefault = "600s", min = 1000, max = LONGEST)
        Duration generic,

        @Setting(
                value = "How long the fragments of a datagram are followed.",
                byDefault = "30s",
                min = 100,
                max = 300_000)
        Duration fragmentTimeout) {
    /** 60 days in milliseconds. */
    static final long LONGEST = 60L * 86_400_000;
}
