package io.weir.agent.service;

/**
 * What a Service's health-check node port has to tell cloud load balancers.
 *
 * @param port           {@code spec.healthCheckNodePort}
 * @param localEndpoints ready endpoints of the Service on this node, each pod counted once; 0 asks for a 503
 */
public record HealthCheckNodePort(String namespace, String name, int port, int localEndpoints) {}
