/** How a packet is decided: stages, the decision they fill, drop reasons, explanations. */
@NullMarked
package io.weir.dataplane.pipeline;

import org.jspecify.annotations.NullMarked;
