package io.weir.dataplane.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One header of a packet that {@link PacketBuilder} puts together; knows its neighbours for types and checksums. */
abstract class PacketLayer {
    @Nullable
    PacketLayer outer;

    @Nullable
    PacketLayer inner;

    private final List<Consumer<byte[]>> patches = new ArrayList<>();

    /** The bytes of this header followed by {@code payload}, with lengths and checksums filled in. */
    abstract byte[] encode(byte[] payload);

    /** The EtherType with which an Ethernet header announces this layer. */
    int etherType() {
        return 0x88B5; // local experimental
    }

    /** The IP protocol number with which an IP header announces this layer. */
    int ipProtocol() {
        return 253; // experimentation, RFC 3692
    }

    final void patch(int offset, byte[] bytes) {
        patches.add(encoded -> System.arraycopy(bytes, 0, encoded, offset, bytes.length));
    }

    /** Patches come after this layer's own lengths and checksums; the layers outside cover the patched bytes. */
    final byte[] encodeAndPatch(byte[] payload) {
        final byte[] bytes = encode(payload);
        patches.forEach(patch -> patch.accept(bytes));
        return bytes;
    }

    final @Nullable Ip enclosingIp() {
        PacketLayer layer = outer;
        while (layer != null && !(layer instanceof Ip)) {
            layer = layer.outer;
        }
        return (Ip) layer;
    }

    static int or(@Nullable Integer override, int computed) {
        return override != null ? override : computed;
    }

    static byte[] concat(ByteBuffer header, byte[] payload) {
        final byte[] all = new byte[header.capacity() + payload.length];
        header.get(0, all, 0, header.capacity());
        System.arraycopy(payload, 0, all, header.capacity(), payload.length);
        return all;
    }

    static void put16(byte[] bytes, int offset, int value) {
        bytes[offset] = (byte) (value >>> 8);
        bytes[offset + 1] = (byte) value;
    }

    static final class Ethernet extends PacketLayer {
        final MacAddress source;
        final MacAddress destination;

        @Nullable
        Integer type;

        Ethernet(MacAddress source, MacAddress destination) {
            this.source = source;
            this.destination = destination;
        }

        @Override
        byte[] encode(byte[] payload) {
            final int inside = inner == null ? 0x88B5 : inner.etherType();
            return concat(
                    ByteBuffer.allocate(14)
                            .put(destination.toBytes())
                            .put(source.toBytes())
                            .putShort((short) or(type, inside)),
                    payload);
        }
    }

    static final class Vlan extends PacketLayer {
        final int control;

        @Nullable
        Integer type;

        Vlan(int control) {
            this.control = control;
        }

        @Override
        int etherType() {
            return 0x8100;
        }

        @Override
        byte[] encode(byte[] payload) {
            final int inside = inner == null ? 0x88B5 : inner.etherType();
            return concat(ByteBuffer.allocate(4).putShort((short) control).putShort((short) or(type, inside)), payload);
        }
    }

    static final class Arp extends PacketLayer {
        private final byte[] body;

        Arp(int operation, MacAddress senderMac, IpAddress sender, MacAddress targetMac, IpAddress target) {
            body = ByteBuffer.allocate(28)
                    .putShort((short) 1)
                    .putShort((short) 0x0800)
                    .put((byte) 6)
                    .put((byte) 4)
                    .putShort((short) operation)
                    .put(senderMac.toBytes())
                    .put(sender.toBytes())
                    .put(targetMac.toBytes())
                    .put(target.toBytes())
                    .array();
        }

        @Override
        int etherType() {
            return 0x0806;
        }

        @Override
        byte[] encode(byte[] payload) {
            return concat(ByteBuffer.wrap(body.clone()), payload);
        }
    }

    abstract static sealed class Ip extends PacketLayer {
        final IpAddress source;
        final IpAddress destination;
        int ttl = 64;
        int trafficClass;

        @Nullable
        Integer protocol;

        @Nullable
        Integer length;

        @Nullable
        Integer version;

        Ip(IpAddress source, IpAddress destination) {
            this.source = source;
            this.destination = destination;
        }

        /** Addresses in the width of this header's family, whatever the addresses' own. */
        abstract byte[] bytesOf(IpAddress address);
    }

    static final class Ipv4 extends Ip {
        int id;
        int flags;
        int fragmentOffset;
        byte[] options = {};

        @Nullable
        Integer headerWords;

        @Nullable
        Integer checksum;

        Ipv4(IpAddress source, IpAddress destination) {
            super(source, destination);
        }

        @Override
        int etherType() {
            return 0x0800;
        }

        @Override
        int ipProtocol() {
            return 4;
        }

        @Override
        byte[] bytesOf(IpAddress address) {
            return ByteBuffer.allocate(4).putInt(address.ipv4Bits()).array();
        }

        @Override
        byte[] encode(byte[] payload) {
            final int headerLength = 20 + (options.length + 3) / 4 * 4;
            final ByteBuffer header = ByteBuffer.allocate(headerLength)
                    .put((byte) (or(version, 4) << 4 | or(headerWords, headerLength / 4)))
                    .put((byte) trafficClass)
                    .putShort((short) or(length, headerLength + payload.length))
                    .putShort((short) id)
                    .putShort((short) (flags << 13 | fragmentOffset / 8))
                    .put((byte) ttl)
                    .put((byte) or(protocol, inner == null ? 253 : inner.ipProtocol()))
                    .putShort((short) 0)
                    .put(bytesOf(source))
                    .put(bytesOf(destination))
                    .put(options);
            put16(header.array(), 10, or(checksum, ReferenceChecksum.internet(header.array(), 0, headerLength)));
            return concat(header, payload);
        }
    }

    static final class Ipv6 extends Ip {
        int flowLabel;

        Ipv6(IpAddress source, IpAddress destination) {
            super(source, destination);
        }

        @Override
        int etherType() {
            return 0x86DD;
        }

        @Override
        int ipProtocol() {
            return 41;
        }

        @Override
        byte[] bytesOf(IpAddress address) {
            return ByteBuffer.allocate(16)
                    .putLong(address.high())
                    .putLong(address.low())
                    .array();
        }

        @Override
        byte[] encode(byte[] payload) {
            return concat(
                    ByteBuffer.allocate(40)
                            .putInt(or(version, 6) << 28 | trafficClass << 20 | flowLabel)
                            .putShort((short) or(length, payload.length))
                            .put((byte) or(protocol, inner == null ? 59 : inner.ipProtocol()))
                            .put((byte) ttl)
                            .put(bytesOf(source))
                            .put(bytesOf(destination)),
                    payload);
        }
    }

    /** An IPv6 extension header: its first byte, the next header, is filled in here. */
    static final class Extension extends PacketLayer {
        private final int number;
        private final byte[] rest;

        Extension(int number, byte[] rest) {
            this.number = number;
            this.rest = rest;
        }

        @Override
        int ipProtocol() {
            return number;
        }

        @Override
        byte[] encode(byte[] payload) {
            final int next = inner == null ? 59 : inner.ipProtocol();
            return concat(ByteBuffer.allocate(1 + rest.length).put((byte) next).put(rest), payload);
        }
    }

    static final class Vxlan extends PacketLayer {
        final int vni;
        int flags = 0x08;

        Vxlan(int vni) {
            this.vni = vni;
        }

        @Override
        byte[] encode(byte[] payload) {
            return concat(ByteBuffer.allocate(8).putInt(flags << 24).putInt(vni << 8), payload);
        }
    }

    static final class Bytes extends PacketLayer {
        private final byte[] bytes;

        Bytes(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        @Override
        byte[] encode(byte[] payload) {
            return concat(ByteBuffer.wrap(bytes.clone()), payload);
        }
    }
}
