/** Smoke of {@code weir bench}. */
@NullMarked
package io.weir.tools.bench;

import org.jspecify.annotations.NullMarked;
