/** What the first packet of a flow costs: new connections, and lookups in big route tables. */
@NullMarked
package io.weir.bench.setup;

import org.jspecify.annotations.NullMarked;
