/** The Kubernetes objects that a node knows, as one immutable value, and how a directory of manifests becomes it. */
@NullMarked
package io.weir.agent.cluster;

import org.jspecify.annotations.NullMarked;
