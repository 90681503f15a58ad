package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Walks the extension headers of an IPv6 packet (RFC 8200 section 4) to its upper layer: hop-by-hop and destination
 * options, routing, fragment and authentication headers. ESP and "no next header" end the walk as upper layers.
 *
 * <pre>
 *  all but fragment and AH:    fragment:                               AH (RFC 4302):
 *   0      1        2           0      1     2            4       8     0      1        2
 *  +------+--------+------     +------+-----+-----------+-+-------+    +------+--------+------
 *  | next | len/8-1| body      | next |  0  | offset  00M|  id    |    | next | len/4-2| body
 *  +------+--------+------     +------+-----+-----------+-+-------+    +------+--------+------
 * </pre>
 *
 * <p>Behind a later fragment's header lies the middle of some datagram, so the walk ends there: {@link #protocol()} is
 * then what the fragment header names, and {@link #offset()} is where the fragment's data begins.
 */
public final class Ipv6Extensions {
    /** RFC 8200 section 4.1 names six headers, destination options twice; a longer chain serves no purpose but harm. */
    public static final int MAX_HEADERS = 8;

    private static final int FRAGMENT_HEADER_LENGTH = 8;

    private int protocol;
    private int offset;
    private int nextHeaderOffset;
    private int headerCount;
    private int fragmentHeaderOffset;
    private int fragmentOffset;
    private boolean moreFragments;
    private int identification;
    private int routingHeaderOffset;

    /**
     * Walks a packet that {@link Ipv6Flyweight#check} found whole.
     *
     * @param buffer   the packet
     * @param ipOffset where the fixed header begins
     * @param end      where the packet ends: behind its payload
     * @return why the walk failed, or null; after a fault the accessors tell of the part that was walked
     */
    public @Nullable WireFault walk(DirectBuffer buffer, int ipOffset, int end) {
        protocol = buffer.getByte(ipOffset + 6) & 0xFF;
        nextHeaderOffset = ipOffset + 6;
        offset = ipOffset + Ipv6Flyweight.HEADER_LENGTH;
        headerCount = 0;
        fragmentHeaderOffset = HeaderOptions.MISSING;
        routingHeaderOffset = HeaderOptions.MISSING;
        fragmentOffset = 0;
        moreFragments = false;
        identification = 0;
        while (IpProtocol.isIpv6Extension(protocol)) {
            if (headerCount == MAX_HEADERS) {
                return WireFault.IPV6_EXTENSIONS_TOO_MANY;
            }
            final WireFault fault = step(buffer, end);
            if (fault != null) {
                return fault;
            }
            if (fragmentOffset != 0) {
                return null;
            }
        }
        return null;
    }

    private @Nullable WireFault step(DirectBuffer buffer, int end) {
        if (end - offset < 8) {
            return WireFault.IPV6_EXTENSION_TRUNCATED;
        }
        final int units = buffer.getByte(offset + 1) & 0xFF;
        final int length;
        switch (protocol) {
            case IpProtocol.FRAGMENT -> {
                if (isFragment()) {
                    return WireFault.IPV6_EXTENSION_MISPLACED;
                }
                final WireFault fault = fragment(buffer, end);
                if (fault != null) {
                    return fault;
                }
                length = FRAGMENT_HEADER_LENGTH;
            }
            case IpProtocol.AUTHENTICATION -> length = (units + 2) << 2;
            case IpProtocol.HOP_BY_HOP -> {
                if (headerCount > 0) {
                    return WireFault.IPV6_EXTENSION_MISPLACED;
                }
                length = (units + 1) << 3;
            }
            case IpProtocol.ROUTING -> {
                routingHeaderOffset = offset;
                length = (units + 1) << 3;
            }
            default -> length = (units + 1) << 3;
        }
        if (length > end - offset) {
            return WireFault.IPV6_EXTENSION_TRUNCATED;
        }
        protocol = buffer.getByte(offset) & 0xFF;
        nextHeaderOffset = offset;
        offset += length;
        headerCount++;
        return null;
    }

    private @Nullable WireFault fragment(DirectBuffer buffer, int end) {
        final int word = buffer.getShort(offset + 2, BIG_ENDIAN) & 0xFFFF;
        final int data = end - offset - FRAGMENT_HEADER_LENGTH;
        fragmentHeaderOffset = offset;
        fragmentOffset = word & 0xFFF8;
        moreFragments = (word & 1) != 0;
        identification = buffer.getInt(offset + 4, BIG_ENDIAN);
        if (moreFragments && (data & 7) != 0) {
            return WireFault.IPV6_FRAGMENT_BAD_LENGTH;
        }
        return fragmentOffset + data > 65535 ? WireFault.IPV6_FRAGMENT_BEYOND_LIMIT : null;
    }

    /** The {@link IpProtocol} of the upper layer. */
    public int protocol() {
        return protocol;
    }

    /** Where the upper layer begins, in the buffer. */
    public int offset() {
        return offset;
    }

    /** Where the byte stands that holds {@link #protocol()}: for a header put in or taken out before the upper layer. */
    public int nextHeaderOffset() {
        return nextHeaderOffset;
    }

    public int headerCount() {
        return headerCount;
    }

    /** True for a packet with a fragment header, also for an atomic one (RFC 6946), which is whole. */
    public boolean isFragment() {
        return fragmentHeaderOffset != HeaderOptions.MISSING;
    }

    /** A fragment without the upper layer's header. */
    public boolean isLaterFragment() {
        return fragmentOffset != 0;
    }

    /** Where the fragment header begins, or {@link HeaderOptions#MISSING}. */
    public int fragmentHeaderOffset() {
        return fragmentHeaderOffset;
    }

    /** Bytes of the fragmentable part before this fragment, a multiple of 8. */
    public int fragmentOffset() {
        return fragmentOffset;
    }

    public boolean isMoreFragments() {
        return moreFragments;
    }

    /** The fragment header's identification. */
    public int identification() {
        return identification;
    }

    /** Where the last routing header begins, or {@link HeaderOptions#MISSING}. */
    public int routingHeaderOffset() {
        return routingHeaderOffset;
    }

    /** {@code frag 1480+ id 0x1234, 2 extensions}; nothing when there are none. */
    public void appendTo(StringBuilder text) {
        if (isFragment()) {
            text.append(" frag ").append(fragmentOffset).append(moreFragments ? "+" : "");
            WireText.hex(text.append(" id 0x"), identification, 8);
        }
        final int others = headerCount - (isFragment() ? 1 : 0);
        if (others > 0) {
            text.append(others == 1 ? " with 1 extension header" : " with " + others + " extension headers");
        }
    }
}
