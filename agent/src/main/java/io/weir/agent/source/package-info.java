/** Where the desired state of a node comes from: a directory of manifests or the Kubernetes API, both as the same objects. */
@NullMarked
package io.weir.agent.source;

import org.jspecify.annotations.NullMarked;
