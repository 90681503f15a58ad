/** A node that runs: ports on real devices, the kernel's configuration around them, and the thread that keeps them right. */
@NullMarked
package io.weir.agent.run;

import org.jspecify.annotations.NullMarked;
