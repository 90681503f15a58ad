package io.weir.agent.service;

/**
 * What a Service's health-check node port has to tell cloud load balancers in one address family. Each family answers for
 * itself, as kube-proxy's two do.
 *
 * @param port           {@code spec.healthCheckNodePort}
 * @param localEndpoints ready endpoints of the Service on this node, each address counted once; 0 asks for a 503
 */
public record HealthCheckNodePort(String namespace, String name, boolean ipv6, int port, int localEndpoints) {}
