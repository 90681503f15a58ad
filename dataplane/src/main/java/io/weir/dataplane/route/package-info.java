/** Where a packet goes next: longest-prefix routes and the adjacencies that they lead to. */
@NullMarked
package io.weir.dataplane.route;

import org.jspecify.annotations.NullMarked;
