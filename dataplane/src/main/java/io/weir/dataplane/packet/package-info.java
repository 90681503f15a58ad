/** A packet in memory: the slab of slots, bursts of handles, and the parser that fills a packet's fields. */
@NullMarked
package io.weir.dataplane.packet;

import org.jspecify.annotations.NullMarked;
