package io.weir.dataplane.endpoint;

import io.weir.dataplane.wire.IpAddress;

/**
 * An address that lives on this node.
 *
 * @param address the address; one endpoint each
 * @param port    id of the port that it is behind
 * @param name    for people: {@code default/web}
 */
public record EndpointSpec(IpAddress address, int port, String name) {}
