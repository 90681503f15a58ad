/** weir's log: what the control plane says through SLF4J, as lines for people or as JSON for programs, on standard error. */
@NullMarked
package io.weir.tools.log;

import org.jspecify.annotations.NullMarked;
