/** What a measurement gave: result records, the machine they come from, and the files that they are written to. */
@NullMarked
package io.weir.bench.report;

import org.jspecify.annotations.NullMarked;
