/** Files that survive the end of the process that writes them. */
@NullMarked
package io.weir.agent.file;

import org.jspecify.annotations.NullMarked;
