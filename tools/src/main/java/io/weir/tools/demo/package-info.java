/** {@code weir demo}: what weir does, shown in namespaces of its own that are gone afterwards. */
@NullMarked
package io.weir.tools.demo;

import org.jspecify.annotations.NullMarked;
