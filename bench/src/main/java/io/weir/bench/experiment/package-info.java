/** How something is measured: the list of experiments, what they are asked for, and where they put their results. */
@NullMarked
package io.weir.bench.experiment;

import org.jspecify.annotations.NullMarked;
