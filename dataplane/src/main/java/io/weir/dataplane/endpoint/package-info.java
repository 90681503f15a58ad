/** The pods of this node as the packet path knows them: which address lives behind which port. */
@NullMarked
package io.weir.dataplane.endpoint;

import org.jspecify.annotations.NullMarked;
