package io.weir.dataplane.answer;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;

/**
 * A neighbour that is known by configuration: it is never asked for, and nobody else can take its place.
 *
 * @param port    the port that it is behind
 * @param address its address
 * @param mac     its Ethernet address
 */
public record NeighbourSpec(int port, IpAddress address, MacAddress mac) {}
