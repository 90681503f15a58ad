/** Capture files: read with libpcap, written by ourselves. */
@NullMarked
package io.weir.tools.capture;

import org.jspecify.annotations.NullMarked;
