/** What policy costs: to load, to change, to judge. */
@NullMarked
package io.weir.bench.policy;

import org.jspecify.annotations.NullMarked;
