package io.weir.dataplane.endpoint;

/** What {@link EndpointTable} returns for a local address. Immutable. */
public final class Endpoint {
    private final EndpointSpec spec;
    private final int slot;

    Endpoint(EndpointSpec spec, int slot) {
        this.spec = spec;
        this.slot = slot;
    }

    /** Id of the port that the address is behind. */
    public int port() {
        return spec.port();
    }

    /** Version slot of this address. */
    public int slot() {
        return slot;
    }

    public String name() {
        return spec.name();
    }

    EndpointSpec spec() {
        return spec;
    }
}
