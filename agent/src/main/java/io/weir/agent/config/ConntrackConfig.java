package io.weir.agent.config;

import java.time.Duration;

/** Section {@code conntrack}. The defaults are those of Linux. */
public record ConntrackConfig(
        @Setting(value = "Accept TCP segments outside the window.", byDefault = "false")
        boolean tcpLiberal,

        @Setting(value = "Take up TCP connections whose beginning was not seen.", byDefault = "true")
        boolean tcpLoose,

        @Setting(value = "TCP: SYN sent, no answer yet.", byDefault = "120s", min = 1000)
        Duration tcpSynSent,

        @Setting(value = "TCP: SYN answered, not yet acknowledged.", byDefault = "60s", min = 1000)
        Duration tcpSynReceived,

        @Setting(value = "TCP: established and idle.", byDefault = "5d", min = 1000)
        Duration tcpEstablished,

        @Setting(value = "TCP: one side has closed, its FIN not yet answered by a FIN.", byDefault = "120s", min = 1000)
        Duration tcpFinWait,

        @Setting(value = "TCP: the other side has closed.", byDefault = "60s", min = 1000)
        Duration tcpCloseWait,

        @Setting(value = "TCP: waiting for the last acknowledgement.", byDefault = "30s", min = 1000)
        Duration tcpLastAck,

        @Setting(value = "TCP: closed by both sides.", byDefault = "120s", min = 1000)
        Duration tcpTimeWait,

        @Setting(value = "TCP: reset.", byDefault = "10s", min = 1000)
        Duration tcpClose,

        @Setting(value = "TCP: many retransmissions, or data unacknowledged.", byDefault = "300s", min = 1000)
        Duration tcpUnacknowledged,

        @Setting(value = "UDP: one direction seen.", byDefault = "30s", min = 1000)
        Duration udp,

        @Setting(value = "UDP: both directions seen.", byDefault = "120s", min = 1000)
        Duration udpStream,

        @Setting(value = "ICMP and ICMPv6 echo.", byDefault = "30s", min = 1000)
        Duration icmp,

        @Setting(value = "Other protocols.", byDefault = "600s", min = 1000)
        Duration generic) {}
