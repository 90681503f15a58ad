package io.weir.policy.spec;

import java.util.List;

/**
 * One rule of a policy.
 *
 * @param name  empty when it has none
 * @param peers any of them; none at all means everyone
 * @param ports any of them; none at all means every port of every protocol
 */
public record RuleSpec(String name, Action action, List<PeerSpec> peers, List<PortSpec> ports) {
    public RuleSpec {
        peers = List.copyOf(peers);
        ports = List.copyOf(ports);
    }

    /** Some peer or port of it is beyond weir's understanding. */
    public boolean isUnknown() {
        return peers.stream().anyMatch(PeerSpec.Unknown.class::isInstance)
                || ports.stream().anyMatch(PortSpec.Unknown.class::isInstance);
    }

    public boolean usesNamedPorts() {
        return ports.stream().anyMatch(PortSpec.Named.class::isInstance);
    }
}
