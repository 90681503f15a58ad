/** What is on the wire: addresses, header views and records, checksums, the packet printer. */
@NullMarked
package io.weir.dataplane.wire;

import org.jspecify.annotations.NullMarked;
