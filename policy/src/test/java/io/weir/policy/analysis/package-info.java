/** Tests of the questions about policies. */
@NullMarked
package io.weir.policy.analysis;

import org.jspecify.annotations.NullMarked;
