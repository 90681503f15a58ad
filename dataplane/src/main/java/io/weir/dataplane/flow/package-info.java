/** What is remembered of decisions: the flow cache, its entries and what they depend on. */
@NullMarked
package io.weir.dataplane.flow;

import org.jspecify.annotations.NullMarked;
