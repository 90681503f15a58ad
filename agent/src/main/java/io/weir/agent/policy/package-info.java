/** Reads Pods, Namespaces, Nodes, NetworkPolicies and ClusterNetworkPolicies into what module policy compiles. */
@NullMarked
package io.weir.agent.policy;

import org.jspecify.annotations.NullMarked;
