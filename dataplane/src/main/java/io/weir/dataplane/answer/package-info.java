/** A router's manners: address resolution, echo replies, ICMP errors, TCP resets, and packets that wait for a neighbour. */
@NullMarked
package io.weir.dataplane.answer;

import org.jspecify.annotations.NullMarked;
