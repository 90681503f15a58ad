/** Commands that look at a config directory without a running weir: {@code config}, {@code explain}, {@code graph}. */
@NullMarked
package io.weir.tools.inspect;

import org.jspecify.annotations.NullMarked;
