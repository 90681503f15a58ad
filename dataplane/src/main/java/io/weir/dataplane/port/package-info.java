/** Where packets come from and go to: memory, captures, devices, and decorators around them. */
@NullMarked
package io.weir.dataplane.port;

import org.jspecify.annotations.NullMarked;
