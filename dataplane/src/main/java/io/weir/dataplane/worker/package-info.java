/** Who does the work: worker threads, the conductor that publishes snapshots, and their counters. */
@NullMarked
package io.weir.dataplane.worker;

import org.jspecify.annotations.NullMarked;
