package io.weir.dataplane.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The headers above IP, which carry a checksum of all that follows. */
abstract sealed class TransportLayer extends PacketLayer {
    /** Written in place of the right one. */
    @Nullable
    Integer checksum;

    final int pseudoChecksum(byte[] all, int protocol) {
        final Ip ip = enclosingIp();
        return ip == null
                ? ReferenceChecksum.internet(all, 0, all.length)
                : ReferenceChecksum.transport(
                        ip.bytesOf(ip.source), ip.bytesOf(ip.destination), protocol, all, 0, all.length);
    }

    static final class Tcp extends TransportLayer {
        final int sourcePort;
        final int destinationPort;
        int flags;
        long sequence;
        long acknowledgment;
        int window = 65535;
        int urgent;
        final ByteArrayOutputStream options = new ByteArrayOutputStream();

        @Nullable
        Integer dataOffset;

        Tcp(int sourcePort, int destinationPort) {
            this.sourcePort = sourcePort;
            this.destinationPort = destinationPort;
        }

        @Override
        int ipProtocol() {
            return 6;
        }

        @Override
        byte[] encode(byte[] payload) {
            final int headerLength = 20 + (options.size() + 3) / 4 * 4;
            final byte[] all = concat(
                    ByteBuffer.allocate(headerLength)
                            .putShort((short) sourcePort)
                            .putShort((short) destinationPort)
                            .putInt((int) sequence)
                            .putInt((int) acknowledgment)
                            .putShort((short) (or(dataOffset, headerLength / 4) << 12 | flags))
                            .putShort((short) window)
                            .putShort((short) 0)
                            .putShort((short) urgent)
                            .put(options.toByteArray()),
                    payload);
            put16(all, 16, or(checksum, pseudoChecksum(all, 6)));
            return all;
        }
    }

    static final class Udp extends TransportLayer {
        final int sourcePort;
        final int destinationPort;

        @Nullable
        Integer length;

        Udp(int sourcePort, int destinationPort) {
            this.sourcePort = sourcePort;
            this.destinationPort = destinationPort;
        }

        @Override
        int ipProtocol() {
            return 17;
        }

        @Override
        byte[] encode(byte[] payload) {
            final byte[] all = concat(
                    ByteBuffer.allocate(8)
                            .putShort((short) sourcePort)
                            .putShort((short) destinationPort)
                            .putShort((short) or(length, 8 + payload.length))
                            .putShort((short) 0),
                    payload);
            final int computed = pseudoChecksum(all, 17);
            put16(all, 6, or(checksum, computed == 0 ? 0xFFFF : computed));
            return all;
        }
    }

    static final class Sctp extends TransportLayer {
        final int sourcePort;
        final int destinationPort;
        int verificationTag;
        final ByteArrayOutputStream chunks = new ByteArrayOutputStream();

        Sctp(int sourcePort, int destinationPort) {
            this.sourcePort = sourcePort;
            this.destinationPort = destinationPort;
        }

        @Override
        int ipProtocol() {
            return 132;
        }

        void chunk(int type, int flags, byte[] value) {
            final int padded = (value.length + 3) / 4 * 4;
            chunks.writeBytes(ByteBuffer.allocate(4 + padded)
                    .put((byte) type)
                    .put((byte) flags)
                    .putShort((short) (4 + value.length))
                    .put(value)
                    .array());
        }

        @Override
        byte[] encode(byte[] payload) {
            final byte[] all = concat(
                    ByteBuffer.allocate(12 + chunks.size())
                            .putShort((short) sourcePort)
                            .putShort((short) destinationPort)
                            .putInt(verificationTag)
                            .putInt(0)
                            .put(chunks.toByteArray()),
                    payload);
            final int value = or(checksum, ReferenceChecksum.sctp(all, 0, all.length));
            put16(all, 8, value >>> 16);
            put16(all, 10, value);
            return all;
        }
    }

    /** ICMP of the family of the IP header around it. */
    static final class Icmp extends TransportLayer {
        final int type;
        final int code;
        int restOfHeader;

        Icmp(int type, int code, int restOfHeader) {
            this.type = type;
            this.code = code;
            this.restOfHeader = restOfHeader;
        }

        @Override
        int ipProtocol() {
            return enclosingIp() instanceof Ipv6 ? 58 : 1;
        }

        @Override
        byte[] encode(byte[] payload) {
            final byte[] all = concat(
                    ByteBuffer.allocate(8)
                            .put((byte) type)
                            .put((byte) code)
                            .putShort((short) 0)
                            .putInt(restOfHeader),
                    payload);
            final int computed = enclosingIp() instanceof Ipv6
                    ? pseudoChecksum(all, 58)
                    : ReferenceChecksum.internet(all, 0, all.length);
            put16(all, 2, or(checksum, computed));
            return all;
        }
    }
}
