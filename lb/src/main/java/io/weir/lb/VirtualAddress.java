package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;

/**
 * Where clients find a Service port.
 *
 * @param port 1 to 65535; the node port for {@link AddressKind#NODE_PORT}
 */
public record VirtualAddress(IpAddress address, int port, AddressKind kind) {
    public VirtualAddress {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is outside 1..65535");
        }
    }

    @Override
    public String toString() {
        return kind.label() + " " + (address.isIpv4() ? address.toString() : "[" + address + "]") + ":" + port;
    }
}
