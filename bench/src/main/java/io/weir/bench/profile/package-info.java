/** Where a scenario's nanoseconds go, and how few of them this machine's memory would allow. */
@NullMarked
package io.weir.bench.profile;

import org.jspecify.annotations.NullMarked;
