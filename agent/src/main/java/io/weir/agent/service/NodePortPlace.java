package io.weir.agent.service;

import io.weir.dataplane.wire.IpAddress;

/**
 * A node port at one address of this node.
 *
 * @param protocol IP protocol number
 */
public record NodePortPlace(IpAddress address, int protocol, int port) {}
