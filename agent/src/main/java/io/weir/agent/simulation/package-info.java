/** A node's dataplane without devices: the same wiring, fed with made-up packets or a capture's. */
@NullMarked
package io.weir.agent.simulation;

import org.jspecify.annotations.NullMarked;
