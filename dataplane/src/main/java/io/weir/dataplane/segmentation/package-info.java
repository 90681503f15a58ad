/** Big packets in software: cutting them for ports that take none, completing checksums, fragments, and merging segments. */
@NullMarked
package io.weir.dataplane.segmentation;

import org.jspecify.annotations.NullMarked;
