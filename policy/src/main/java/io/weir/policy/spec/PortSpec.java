package io.weir.policy.spec;

import io.weir.policy.classify.PortSet;
import io.weir.policy.classify.Protocol;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a rule applies: numbers, or a name that each destination pod gives its own meaning. */
public sealed interface PortSpec {
    /** Ports {@code first} to {@code last} of a protocol, both included. */
    record Numbers(Protocol protocol, int first, int last) implements PortSpec {
        public Numbers {
            if (first < 0 || last > 0xFFFF || first > last) {
                throw new IllegalArgumentException("not a range of ports: " + first + " to " + last);
            }
        }
    }

    /**
     * The ports that the destination pod's containers call by this name.
     *
     * @param protocol null when the container's own protocol decides
     */
    record Named(@Nullable Protocol protocol, String name) implements PortSpec {}

    /** Something that weir does not understand. It matches nothing, and a cluster policy's rule fails closed. */
    record Unknown(String what) implements PortSpec {}

    /** All ports of a protocol. */
    static PortSpec all(Protocol protocol) {
        return new Numbers(protocol, 0, 0xFFFF);
    }

    /** What these stand for on a destination with these named ports; no specs at all stand for everything. */
    static PortSet resolve(List<PortSpec> specs, List<NamedPort> namedPorts) {
        if (specs.isEmpty()) {
            return PortSet.ALL;
        }
        PortSet ports = PortSet.NONE;
        for (final PortSpec spec : specs) {
            switch (spec) {
                case Numbers numbers -> ports = ports.union(PortSet.of(numbers.protocol, numbers.first, numbers.last));
                case Named named -> {
                    for (final NamedPort port : namedPorts) {
                        if (port.name().equals(named.name)
                                && (named.protocol == null || named.protocol == port.protocol())) {
                            ports = ports.union(PortSet.of(port.protocol(), port.port(), port.port()));
                        }
                    }
                }
                case Unknown ignored -> {}
            }
        }
        return ports;
    }
}
