/** Linux reached by the foreign-function API alone: devices, sockets, rings, namespaces and rtnetlink. */
@NullMarked
package io.weir.dataplane.linux;

import org.jspecify.annotations.NullMarked;
