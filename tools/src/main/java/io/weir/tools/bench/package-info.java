/** {@code weir bench}: throughput of scenarios, for people and programs. */
@NullMarked
package io.weir.tools.bench;

import org.jspecify.annotations.NullMarked;
