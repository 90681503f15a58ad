package io.weir.policy.spec;

import io.weir.policy.classify.Protocol;

/** A port that a pod's container gives a name. */
public record NamedPort(String name, Protocol protocol, int port) {
    public NamedPort {
        if (port < 1 || port > 0xFFFF) {
            throw new IllegalArgumentException("port " + port + " is outside 1..65535");
        }
    }
}
