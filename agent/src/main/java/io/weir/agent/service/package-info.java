/** Kubernetes Services and EndpointSlices translated into what the load balancer serves. */
@NullMarked
package io.weir.agent.service;

import org.jspecify.annotations.NullMarked;
