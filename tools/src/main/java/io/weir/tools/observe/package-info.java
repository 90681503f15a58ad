/** Commands that look into a running weir, or at what a killed one left: stat, top, drops, flows, trace, capture. */
@NullMarked
package io.weir.tools.observe;

import org.jspecify.annotations.NullMarked;
