/** {@code weir replay}: a capture through a node's pipeline, under the capture's own time. */
@NullMarked
package io.weir.tools.replay;

import org.jspecify.annotations.NullMarked;
