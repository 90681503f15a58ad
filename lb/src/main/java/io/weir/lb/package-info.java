/** Services as virtual addresses, and the load balancer under them: specs, compiler, tables, the service stage. */
@NullMarked
package io.weir.lb;

import org.jspecify.annotations.NullMarked;
