package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;

/**
 * An address of an interface and the network that is on its link: {@code 192.168.0.2/24}.
 *
 * @param address the interface's own
 * @param length  prefix length of the network
 */
public record InterfaceAddress(IpAddress address, int length) {
    public InterfaceAddress {
        if (length < 0 || length > address.bitLength()) {
            throw new IllegalArgumentException("prefix length " + length + " is outside 0.." + address.bitLength());
        }
    }

    /** Parses an address with a prefix length; without one the network is the address alone. */
    public static InterfaceAddress parse(String text) {
        final int slash = text.indexOf('/');
        final IpAddress address = IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
        return new InterfaceAddress(address, IpPrefix.parse(text).length());
    }

    /** The network on the link. */
    public IpPrefix network() {
        return new IpPrefix(address, length);
    }

    @Override
    public String toString() {
        return address + "/" + length;
    }
}
