package io.weir.dataplane.answer;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.putIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.putLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.InternetChecksum;
import org.jspecify.annotations.Nullable;

/**
 * Neighbour discovery for IPv6 (RFC 4861): answers solicitations for addresses that are weir's on the port, those of
 * duplicate address detection (RFC 4862 section 5.4) included, and passes on what others advertise. Router discovery is
 * ignored: pods are configured, not advertised to.
 */
final class NeighbourDiscovery {
    /** Ethernet, IPv6, the message and one link-layer address option, in bytes. */
    static final int FRAME_LENGTH = 86;

    private static final int MESSAGE = 24;
    private static final int MESSAGE_WITH_OPTION = 32;
    private static final int HOP_LIMIT = 255;
    private static final int SOLICITATION = 135;
    private static final int ADVERTISEMENT = 136;
    private static final int SOURCE_LINK_LAYER_ADDRESS = 1;
    private static final int TARGET_LINK_LAYER_ADDRESS = 2;

    private static final int ROUTER = 0x8000_0000;
    private static final int SOLICITED = 0x4000_0000;
    private static final int OVERRIDE = 0x2000_0000;

    private static final long ALL_NODES_HIGH = 0xFF02_0000_0000_0000L;
    private static final long ALL_NODES_LOW = 1;
    private static final long ALL_NODES_MAC = 0x3333_0000_0001L;

    /** ff02::1:ff00:0/104. */
    private static final long SOLICITED_NODE_LOW = 0x0000_0001_FF00_0000L;

    private static final long SOLICITED_NODE_MAC = 0x3333_FF00_0000L;

    private static final long NO_OPTION = 0;
    private static final long BAD_OPTION = -1;

    private final NeighbourEvents events;

    NeighbourDiscovery(NeighbourEvents events) {
        this.events = events;
    }

    /** What is to be counted about the packet, or null when it was of use. */
    @Nullable
    DataplaneDrop handle(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        final int type = packet.icmpType();
        if (type != SOLICITATION && type != ADVERTISEMENT) {
            return DataplaneDrop.NEIGHBOUR_DISCOVERY_IGNORED;
        }
        final long message = packet.address() + packet.l4Offset();
        final int length = packet.l3End() - packet.l4Offset();
        if (!isWellFormed(packet, message, length)) {
            return DataplaneDrop.NEIGHBOUR_DISCOVERY_MALFORMED;
        }
        final long mac = linkLayerOption(
                message, length, type == SOLICITATION ? SOURCE_LINK_LAYER_ADDRESS : TARGET_LINK_LAYER_ADDRESS);
        if (mac == BAD_OPTION) {
            return DataplaneDrop.NEIGHBOUR_DISCOVERY_MALFORMED;
        }
        final DataplaneDrop misplaced = NeighbourLink.check(packet, mac, ingress);
        if (misplaced != null) {
            return misplaced;
        }
        return type == SOLICITATION
                ? solicited(packet, message, mac, ingress, snapshot, transmitter)
                : advertised(packet, message, mac, ingress);
    }

    /** RFC 4861 sections 7.1.1 and 7.1.2; RFC 6980: never in fragments. */
    private static boolean isWellFormed(Packet packet, long message, int length) {
        if (packet.ttl() != HOP_LIMIT || packet.isFragment() || packet.icmpCode() != 0 || length < MESSAGE) {
            return false;
        }
        final boolean multicastTarget = (getByte(message + 8) & 0xFF) == 0xFF;
        return !multicastTarget && (packet.isChecksumPartial() || checksumIsRight(packet, message, length));
    }

    private static boolean checksumIsRight(Packet packet, long message, int length) {
        return InternetChecksum.isValid(InternetChecksum.sum(message, length)
                + InternetChecksum.pseudoHeader(
                        packet.sourceHigh(),
                        packet.sourceLow(),
                        packet.destinationHigh(),
                        packet.destinationLow(),
                        PacketParser.PROTOCOL_ICMPV6,
                        length));
    }

    /** The Ethernet address in the option of this type; {@link #NO_OPTION}, or {@link #BAD_OPTION} if any is malformed. */
    private static long linkLayerOption(long message, int length, int wanted) {
        long found = NO_OPTION;
        int at = MESSAGE;
        while (at < length) {
            if (at + 2 > length) {
                return BAD_OPTION;
            }
            final int optionLength = (getByte(message + at + 1) & 0xFF) << 3;
            if (optionLength == 0 || at + optionLength > length) {
                return BAD_OPTION;
            }
            if ((getByte(message + at) & 0xFF) == wanted) {
                found = getLongBigEndian(message + at) & 0xFFFF_FFFF_FFFFL;
                if ((found >>> 40 & 1) != 0 || found == 0) {
                    return BAD_OPTION;
                }
            }
            at += optionLength;
        }
        return found;
    }

    private @Nullable DataplaneDrop solicited(
            Packet packet, long message, long sourceMac, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        final long high = getLongBigEndian(message + 8);
        final long low = getLongBigEndian(message + 16);
        final boolean isProbe = packet.sourceHigh() == 0 && packet.sourceLow() == 0;
        if (isProbe && (sourceMac != NO_OPTION || !isSolicitedNode(packet))) {
            return DataplaneDrop.NEIGHBOUR_DISCOVERY_MALFORMED;
        }
        if (!OwnAddresses.answers(ingress, snapshot, high, low)
                || ingress.addresses().contains(packet.sourceHigh(), packet.sourceLow())) {
            return DataplaneDrop.NEIGHBOUR_DISCOVERY_IGNORED;
        }
        if (!isProbe && sourceMac != NO_OPTION && ingress.role() != Ingress.Role.POD) {
            events.heard(ingress.port(), packet.sourceHigh(), packet.sourceLow(), sourceMac);
        }
        advertise(packet, isProbe, sourceMac, high, low, ingress, transmitter);
        return null;
    }

    private static boolean isSolicitedNode(Packet packet) {
        return packet.destinationHigh() == ALL_NODES_HIGH
                && (packet.destinationLow() & ~0xFF_FFFFL) == SOLICITED_NODE_LOW;
    }

    /** RFC 4861 section 7.2.4; the answer to a probe without a source goes to all nodes. */
    private static void advertise(
            Packet packet,
            boolean isProbe,
            long knownMac,
            long high,
            long low,
            Ingress ingress,
            Transmitter transmitter) {
        final int handle = transmitter.pool().acquire();
        if (handle == PacketPool.NULL_HANDLE) {
            transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
            return;
        }
        final long frame = transmitter.pool().frameAddress(handle);
        final long unicastMac = knownMac == NO_OPTION ? packet.sourceMac() : knownMac;
        write(
                frame,
                isProbe ? ALL_NODES_MAC : unicastMac,
                ingress.mac().bits(),
                high,
                low,
                isProbe ? ALL_NODES_HIGH : packet.sourceHigh(),
                isProbe ? ALL_NODES_LOW : packet.sourceLow(),
                ADVERTISEMENT,
                isProbe ? ROUTER | OVERRIDE : ROUTER | SOLICITED | OVERRIDE,
                high,
                low,
                TARGET_LINK_LAYER_ADDRESS);
        transmitter.counters().count(PathCounter.ANSWERS_SENT);
        transmitter.send(ingress.port(), handle, frame, FRAME_LENGTH, 0);
    }

    private @Nullable DataplaneDrop advertised(Packet packet, long message, long targetMac, Ingress ingress) {
        final boolean isSolicited = (getIntBigEndian(message + 4) & SOLICITED) != 0;
        if (isSolicited && packet.destinationHigh() >>> 56 == 0xFF) {
            return DataplaneDrop.NEIGHBOUR_DISCOVERY_MALFORMED;
        }
        final long high = getLongBigEndian(message + 8);
        final long low = getLongBigEndian(message + 16);
        if (ingress.role() == Ingress.Role.POD || ingress.addresses().contains(high, low)) {
            return DataplaneDrop.NEIGHBOUR_DISCOVERY_IGNORED;
        }
        // the answer to a unicast solicitation may omit the option: it came from the address that was asked
        final long mac = targetMac == NO_OPTION && isSolicited ? packet.sourceMac() : targetMac;
        if (mac == NO_OPTION) {
            return DataplaneDrop.NEIGHBOUR_DISCOVERY_IGNORED;
        }
        events.heard(ingress.port(), high, low, mac);
        return null;
    }

    /** A solicitation; to the target's solicited-node group, or to the target alone when its Ethernet address is given. */
    static void writeSolicitation(
            long frame, long senderMac, long sourceHigh, long sourceLow, long high, long low, long knownMac) {
        final boolean isKnown = knownMac != 0;
        write(
                frame,
                isKnown ? knownMac : SOLICITED_NODE_MAC | (low & 0xFF_FFFF),
                senderMac,
                sourceHigh,
                sourceLow,
                isKnown ? high : ALL_NODES_HIGH,
                isKnown ? low : SOLICITED_NODE_LOW | (low & 0xFF_FFFF),
                SOLICITATION,
                0,
                high,
                low,
                SOURCE_LINK_LAYER_ADDRESS);
    }

    private static void write(
            long frame,
            long destinationMac,
            long senderMac,
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int type,
            int flags,
            long targetHigh,
            long targetLow,
            int option) {
        AnswerHeaders.ethernet(frame, destinationMac, senderMac, false);
        final long ip = frame + AnswerHeaders.ETHERNET;
        AnswerHeaders.ipv6(
                ip,
                0,
                MESSAGE_WITH_OPTION,
                PacketParser.PROTOCOL_ICMPV6,
                HOP_LIMIT,
                sourceHigh,
                sourceLow,
                destinationHigh,
                destinationLow);
        final long message = ip + AnswerHeaders.IPV6;
        putIntBigEndian(message, type << 24);
        putIntBigEndian(message + 4, flags);
        putLongBigEndian(message + 8, targetHigh);
        putLongBigEndian(message + 16, targetLow);
        putShortBigEndian(message + 24, (option << 8) | 1);
        AnswerHeaders.mac(message + 26, senderMac);
        final long sum = AnswerHeaders.sumWithIpv6(ip, PacketParser.PROTOCOL_ICMPV6, MESSAGE_WITH_OPTION);
        putShortBigEndian(message + 2, InternetChecksum.ofSum(sum));
    }
}
