/** Questions about policies that a person asks before trusting them: what is pointless, who reaches whom, what changes. */
@NullMarked
package io.weir.policy.analysis;

import org.jspecify.annotations.NullMarked;
