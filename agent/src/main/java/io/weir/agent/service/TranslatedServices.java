package io.weir.agent.service;

import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.ServicesSpec;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the cluster's Services mean for this node.
 *
 * @param spec            for the load balancer's compiler
 * @param healthChecks    sorted by namespace and name
 * @param nodePortAddresses this node's addresses that serve node ports, and health checks
 * @param nodePorts       those that are served; the same list as before when none came or went
 * @param outsideAddresses load-balancer and external addresses that are served here: the node's own traffic to them has to
 *                        come by way of weir, too
 * @param noLocalInternal Service ports with internal policy Local and no endpoint here, though elsewhere there is
 *                        one: kube-proxy's {@code no_local_endpoints_total{traffic_policy="internal"}}
 * @param noLocalExternal the same for the external policy
 * @param warnings        sentences about fields that could not be used
 */
public record TranslatedServices(
        ServicesSpec spec,
        List<HealthCheckNodePort> healthChecks,
        List<IpAddress> nodePortAddresses,
        List<NodePortPlace> nodePorts,
        Set<IpAddress> outsideAddresses,
        int noLocalInternal,
        int noLocalExternal,
        List<String> warnings) {
    public TranslatedServices {
        healthChecks = List.copyOf(healthChecks);
        nodePortAddresses = List.copyOf(nodePortAddresses);
        nodePorts = List.copyOf(nodePorts);
        outsideAddresses = Collections.unmodifiableSet(new LinkedHashSet<>(outsideAddresses));
        warnings = List.copyOf(warnings);
    }
}
