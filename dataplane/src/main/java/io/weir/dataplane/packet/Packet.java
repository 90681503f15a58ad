package io.weir.dataplane.packet;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.wire.IpAddress;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The packet that a worker's slow path looks at: where it lies and what {@link PacketParser} read of it. One object per
 * worker, filled again for each packet. Stages only read it.
 *
 * <pre>
 *  address                 l3Offset          l4Offset             payloadOffset       l3End      length
 *  | Ethernet              | IP + extensions | TCP/UDP/SCTP/ICMP  | payload           | padding  |
 * </pre>
 *
 * <p>Addresses are two longs each, IPv4 in mapped form, as in {@link IpAddress}. Offsets count from {@link #address()}.
 */
public final class Packet {
    /** {@link #scope()} and ports are 0..65535; this is none. */
    public static final int NONE = -1;

    long address;
    int length;
    int handle = NONE;
    int ingressPort;
    int scope;
    int segmentSize;
    boolean checksumPartial;
    long nowNs;

    long destinationMac;
    long sourceMac;
    int etherType;
    int l3Offset;
    int l4Offset;
    int payloadOffset;
    int l3End;
    boolean ipv4;
    int trafficClass;
    int ttl;
    long sourceHigh;
    long sourceLow;
    long destinationHigh;
    long destinationLow;
    int protocol;
    int sourcePort;
    int destinationPort;
    int tcpFlags;
    int icmpType;
    int icmpCode;
    boolean dontFragment;
    boolean fragment;
    boolean moreFragments;
    int fragmentOffset;
    int fragmentId;

    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

    /** First byte of the Ethernet header. */
    public long address() {
        return address;
    }

    /** Bytes of the frame, padding included. */
    public int length() {
        return length;
    }

    /** The slot in the packet pool, or {@link #NONE} when the bytes lie elsewhere. */
    public int handle() {
        return handle;
    }

    /** Id of the port that it came from. */
    public int ingressPort() {
        return ingressPort;
    }

    /** The ingress context, 0..65535: the port, or for a decapsulated packet its tunnel. Part of a flow's key. */
    public int scope() {
        return scope;
    }

    /** Payload bytes per segment when this is an offloaded big packet (GSO), else 0. */
    public int segmentSize() {
        return segmentSize;
    }

    /** The transport checksum holds only the pseudo header's sum: the sender left the rest to offload. */
    public boolean isChecksumPartial() {
        return checksumPartial;
    }

    /** The time that the worker read at the start of the burst; in a replay, the capture's time. */
    public long nowNs() {
        return nowNs;
    }

    /** 48 bits. */
    public long destinationMac() {
        return destinationMac;
    }

    /** 48 bits. */
    public long sourceMac() {
        return sourceMac;
    }

    public int etherType() {
        return etherType;
    }

    public boolean isIpv4() {
        return ipv4;
    }

    public int l3Offset() {
        return l3Offset;
    }

    /** Start of the upper-layer header; for later fragments, of the fragment's data. */
    public int l4Offset() {
        return l4Offset;
    }

    /** After the upper-layer header and its options. */
    public int payloadOffset() {
        return payloadOffset;
    }

    /** End of the IP packet (exclusive). */
    public int l3End() {
        return l3End;
    }

    /** Bytes of the IP packet, its header included. */
    public int l3Length() {
        return l3End - l3Offset;
    }

    /** Bytes behind the upper-layer header. */
    public int payloadLength() {
        return l3End - payloadOffset;
    }

    /** The type of service or traffic class, 8 bits. */
    public int trafficClass() {
        return trafficClass;
    }

    /** Time to live or hop limit. */
    public int ttl() {
        return ttl;
    }

    public long sourceHigh() {
        return sourceHigh;
    }

    public long sourceLow() {
        return sourceLow;
    }

    public long destinationHigh() {
        return destinationHigh;
    }

    public long destinationLow() {
        return destinationLow;
    }

    /** The upper-layer protocol, behind all extension headers. */
    public int protocol() {
        return protocol;
    }

    /** Source port; for ICMP echo the identifier; 0 where the protocol has none. */
    public int sourcePort() {
        return sourcePort;
    }

    /** Destination port; for ICMP echo the identifier; 0 where the protocol has none. */
    public int destinationPort() {
        return destinationPort;
    }

    /** The flag bits of TCP: CWR to FIN in one byte. */
    public int tcpFlags() {
        return tcpFlags;
    }

    public int icmpType() {
        return icmpType;
    }

    public int icmpCode() {
        return icmpCode;
    }

    /** The IPv4 DF bit; always true for IPv6. */
    public boolean isDontFragment() {
        return dontFragment;
    }

    /** First, middle or last piece of a fragmented datagram. */
    public boolean isFragment() {
        return fragment;
    }

    /** A fragment that has no upper-layer header. */
    public boolean isLaterFragment() {
        return fragment && fragmentOffset != 0;
    }

    public boolean hasMoreFragments() {
        return moreFragments;
    }

    /** Bytes before this fragment in its datagram. */
    public int fragmentOffset() {
        return fragmentOffset;
    }

    public int fragmentId() {
        return fragmentId;
    }

    /** Allocates: for explanations, logs and tests. */
    public IpAddress source() {
        return new IpAddress(sourceHigh, sourceLow);
    }

    /** Allocates: for explanations, logs and tests. */
    public IpAddress destination() {
        return new IpAddress(destinationHigh, destinationLow);
    }

    /** The frame's bytes for flyweights; valid until the next packet is parsed into this object. */
    public UnsafeBuffer view() {
        view.wrap(address, length);
        return view;
    }

    /** The later fragments of a datagram have no ports of their own; they get those of their first. */
    public void ports(int source, int destination) {
        sourcePort = source;
        destinationPort = destination;
    }

    /** The later fragments of an ICMP message have no type of their own; they get that of their first. */
    public void icmpType(int type) {
        icmpType = type;
    }

    /** A copy of the frame; allocates. */
    public byte[] toBytes() {
        final byte[] bytes = new byte[length];
        OffHeap.copy(address, bytes, 0, length);
        return bytes;
    }
}
