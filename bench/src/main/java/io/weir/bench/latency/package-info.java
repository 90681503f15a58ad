/** How long a packet stays inside weir at a given load. */
@NullMarked
package io.weir.bench.latency;

import org.jspecify.annotations.NullMarked;
