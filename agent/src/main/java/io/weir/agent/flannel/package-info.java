/** Flannel's network model: which subnet this node has, which the others have, and what follows for tunnels and routes. */
@NullMarked
package io.weir.agent.flannel;

import org.jspecify.annotations.NullMarked;
