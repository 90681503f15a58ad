/** Measurements on real devices: weir in a process of its own, between network namespaces, in turns with the kernel and testpmd. */
@NullMarked
package io.weir.bench.device;

import org.jspecify.annotations.NullMarked;
