/** Throughput of one worker: packets from a capture in memory, through a scenario's pipeline, to a null port. */
@NullMarked
package io.weir.bench.throughput;

import org.jspecify.annotations.NullMarked;
