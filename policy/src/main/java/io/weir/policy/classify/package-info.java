/** First-match classification of a peer and a port by ordered rules, at a cost that does not grow with the rules. */
@NullMarked
package io.weir.policy.classify;

import org.jspecify.annotations.NullMarked;
