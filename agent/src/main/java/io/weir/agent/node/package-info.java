/** One node's dataplane: which pods are its own, where routes lead, and the one place where the pipeline is wired. */
@NullMarked
package io.weir.agent.node;

import org.jspecify.annotations.NullMarked;
