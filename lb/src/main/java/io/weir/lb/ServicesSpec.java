package io.weir.lb;

import java.util.List;

/**
 * All Services as the node should serve them. Whoever makes a new one keeps the {@link ServiceSpec} objects of unchanged
 * Services: the compiler then skips them by identity.
 */
public record ServicesSpec(ServiceRules rules, List<ServiceSpec> services) {
    public static final ServicesSpec EMPTY = new ServicesSpec(ServiceRules.NONE, List.of());

    public ServicesSpec {
        services = List.copyOf(services);
    }
}
