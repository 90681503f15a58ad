package io.weir.dataplane.wire;

/**
 * A network in CIDR notation. Host bits are zero.
 *
 * @param address the network's first address
 * @param length  leading bits that count: 0 to 32 for IPv4, 0 to 128 for IPv6
 */
public record IpPrefix(IpAddress address, int length) {
    public IpPrefix {
        if (length < 0 || length > address.bitLength()) {
            throw new IllegalArgumentException("prefix length " + length + " is outside 0.." + address.bitLength());
        }
        address = mask(address, length);
    }

    /**
     * Parses {@code 10.0.0.0/8} or {@code fd00::/64}; host bits are cleared; without a slash the prefix is the address.
     *
     * @throws IllegalArgumentException when the text is no prefix
     */
    public static IpPrefix parse(String text) {
        final int slash = text.indexOf('/');
        if (slash < 0) {
            return host(IpAddress.parse(text));
        }
        final IpAddress address = IpAddress.parse(text.substring(0, slash));
        final String digits = text.substring(slash + 1);
        if (digits.isEmpty() || digits.length() > 3 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("not a prefix: '" + text + "'");
        }
        return new IpPrefix(address, Integer.parseInt(digits));
    }

    /** The /32 or /128 of one address. */
    public static IpPrefix host(IpAddress address) {
        return new IpPrefix(address, address.bitLength());
    }

    public boolean isIpv4() {
        return address.isIpv4();
    }

    /** The length counted over the 128 bits of the mapped form: IPv4 adds 96. */
    public int mappedLength() {
        return isIpv4() ? length + 96 : length;
    }

    public boolean contains(IpAddress other) {
        return other.isIpv4() == isIpv4() && mask(other, length).equals(address);
    }

    public boolean contains(IpPrefix other) {
        return other.length >= length && contains(other.address);
    }

    private static IpAddress mask(IpAddress address, int length) {
        final int bits = address.isIpv4() ? length + 96 : length;
        final long highMask = bits >= 64 ? -1L : bits == 0 ? 0 : -1L << (64 - bits);
        final long lowMask = bits == 128 ? -1L : bits <= 64 ? 0 : -1L << (128 - bits);
        return new IpAddress(address.high() & highMask, address.low() & lowMask);
    }

    @Override
    public String toString() {
        return address + "/" + length;
    }
}
