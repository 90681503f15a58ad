/** {@code weir config}: what a config directory says, checked, with all defaults. */
@NullMarked
package io.weir.tools.config;

import org.jspecify.annotations.NullMarked;
