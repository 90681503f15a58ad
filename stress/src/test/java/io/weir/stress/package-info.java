/** What threads share, put under jcstress: run by {@code StressTest} for some seconds in the build, by hand for longer. */
@NullMarked
package io.weir.stress;

import org.jspecify.annotations.NullMarked;
