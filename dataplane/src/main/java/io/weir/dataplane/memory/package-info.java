/** Memory outside the Java heap: allocation, huge pages, raw access that is checked in tests. */
@NullMarked
package io.weir.dataplane.memory;

import org.jspecify.annotations.NullMarked;
