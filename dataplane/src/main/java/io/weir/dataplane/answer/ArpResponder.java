package io.weir.dataplane.answer;

import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
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
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import org.jspecify.annotations.Nullable;

/** Answers ARP requests (RFC 826) for addresses that are weir's on the port, and passes on what others say of themselves. */
final class ArpResponder {
    /** Ethernet and ARP header, in bytes. */
    static final int FRAME_LENGTH = 42;

    private static final int REQUEST = 1;
    private static final int REPLY = 2;

    /** Hardware type Ethernet, protocol IPv4, address lengths 6 and 4. */
    private static final long SHAPE = 0x0001_0800_0604L;

    private final NeighbourEvents events;

    ArpResponder(NeighbourEvents events) {
        this.events = events;
    }

    /** What is to be counted about the packet, or null when it was of use. */
    @Nullable
    DataplaneDrop handle(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        if (packet.length() < FRAME_LENGTH) {
            return DataplaneDrop.ARP_MALFORMED;
        }
        final long arp = packet.address() + 14;
        final long senderMac = getLongBigEndian(arp + 8) >>> 16;
        if (getLongBigEndian(arp) >>> 16 != SHAPE || (senderMac >>> 40 & 1) != 0 || senderMac == 0) {
            return DataplaneDrop.ARP_MALFORMED;
        }
        final DataplaneDrop misplaced = NeighbourLink.check(packet, senderMac, ingress);
        if (misplaced != null) {
            return misplaced;
        }
        final int sender = getIntBigEndian(arp + 14);
        final int target = getIntBigEndian(arp + 24);
        final int operation = getShortBigEndian(arp + 6);
        final boolean isForUs = operation == REQUEST && OwnAddresses.answers(ingress, snapshot, 0, mapped(target));
        final boolean learned = learn(ingress, sender, senderMac);
        if (isForUs && !ingress.addresses().contains(0, mapped(sender))) {
            reply(ingress, target, senderMac, sender, transmitter);
            return null;
        }
        return operation == REPLY && learned ? null : DataplaneDrop.ARP_IGNORED;
    }

    /** Pods' addresses are known without asking; those of the others are judged by the conductor. */
    private boolean learn(Ingress ingress, int sender, long senderMac) {
        if (sender == 0
                || ingress.role() == Ingress.Role.POD
                || ingress.addresses().contains(0, mapped(sender))) {
            return false;
        }
        events.heard(ingress.port(), 0, mapped(sender), senderMac);
        return true;
    }

    private static void reply(Ingress ingress, int address, long targetMac, int target, Transmitter transmitter) {
        final int handle = transmitter.pool().acquire();
        if (handle == PacketPool.NULL_HANDLE) {
            transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
            return;
        }
        final long frame = transmitter.pool().frameAddress(handle);
        write(frame, REPLY, ingress.mac().bits(), address, targetMac, targetMac, target);
        transmitter.counters().count(PathCounter.ANSWERS_SENT);
        transmitter.send(ingress.port(), handle, frame, FRAME_LENGTH, 0);
    }

    /** A request; to everybody, or to one station when its Ethernet address is given. */
    static void writeRequest(long frame, long senderMac, int sender, int target, long knownMac) {
        final long ethernetDestination = knownMac == 0 ? MacAddress.BROADCAST.bits() : knownMac;
        write(frame, REQUEST, senderMac, sender, ethernetDestination, 0, target);
    }

    private static void write(
            long frame,
            int operation,
            long senderMac,
            int sender,
            long ethernetDestination,
            long targetMac,
            int target) {
        AnswerHeaders.mac(frame, ethernetDestination);
        AnswerHeaders.mac(frame + 6, senderMac);
        putShortBigEndian(frame + 12, PacketParser.ETHERTYPE_ARP);
        putLongBigEndian(frame + 14, (SHAPE << 16) | operation);
        AnswerHeaders.mac(frame + 22, senderMac);
        putIntBigEndian(frame + 28, sender);
        AnswerHeaders.mac(frame + 32, targetMac);
        putIntBigEndian(frame + 38, target);
    }

    private static long mapped(int address) {
        return IpAddress.IPV4_MARK | (address & 0xFFFF_FFFFL);
    }
}
