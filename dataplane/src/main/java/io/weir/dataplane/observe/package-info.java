/** What a running weir shows to other processes, also after a crash: counters, errors and events in mapped files. */
@NullMarked
package io.weir.dataplane.observe;

import org.jspecify.annotations.NullMarked;
