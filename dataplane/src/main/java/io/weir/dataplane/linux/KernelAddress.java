package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;

/**
 * An address on an interface as the kernel lists it.
 *
 * @param interfaceIndex the interface
 * @param address        the address
 * @param prefixLength   bits of the network that is reached directly
 * @param tentative      whether duplicate address detection (RFC 4862) still runs
 */
public record KernelAddress(int interfaceIndex, IpAddress address, int prefixLength, boolean tentative) {}
