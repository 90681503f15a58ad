/** Connections: their table, the TCP, SCTP, UDP and ICMP rules that move them, fragments, and source NAT. */
@NullMarked
package io.weir.conntrack;

import org.jspecify.annotations.NullMarked;
