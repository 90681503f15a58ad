/** {@code weir policy}: what a person asks before trusting a policy. */
@NullMarked
package io.weir.tools.policy;

import org.jspecify.annotations.NullMarked;
