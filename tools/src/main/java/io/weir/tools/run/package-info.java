/** {@code weir run}: a node on real devices, until it is told to end. */
@NullMarked
package io.weir.tools.run;

import org.jspecify.annotations.NullMarked;
