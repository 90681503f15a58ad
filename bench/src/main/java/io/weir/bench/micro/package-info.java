/** Micro-benchmarks (JMH): what the pieces of the path cost. One class per question. */
@NullMarked
package io.weir.bench.micro;

import org.jspecify.annotations.NullMarked;
