package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/** The routing rules of one namespace (linux/fib_rules.h). */
public final class KernelRules {
    private static final int RTM_NEWRULE = 32;
    private static final int RTM_DELRULE = 33;
    private static final int RTM_GETRULE = 34;

    /** Bytes of {@code struct fib_rule_hdr}: family, destination and source length, tos, table, 2 unused, action, flags (4). */
    private static final int FIXED_LENGTH = 12;

    private static final int FRA_DST = 1;
    private static final int FRA_IIFNAME = 3;
    private static final int FRA_PRIORITY = 6;
    private static final int FRA_TABLE = 15;
    private static final int FRA_PROTOCOL = 21;
    private static final int FRA_IP_PROTO = 22;
    private static final int FRA_DPORT_RANGE = 24;
    private static final int TO_TABLE = 1;

    /** Packets that the host sends count as come from here. */
    private static final String LOOPBACK = "lo";

    private final NetlinkSocket socket;

    KernelRules(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** All rules of both families that lead to a table; of what they match, what {@link KernelRule} knows. */
    public List<KernelRule> list() {
        final List<KernelRule> rules = new ArrayList<>();
        for (final int family : new int[] {Rtnetlink.AF_INET, Rtnetlink.AF_INET6}) {
            final NetlinkMessage request = new NetlinkMessage(RTM_GETRULE, NetlinkMessage.DUMP).uint8(family);
            for (int i = 1; i < FIXED_LENGTH; i++) {
                request.uint8(0);
            }
            rules.addAll(socket.list(request, RTM_NEWRULE, "listing the routing rules", KernelRules::parse));
        }
        return rules;
    }

    private static @Nullable KernelRule parse(DirectBuffer buffer, int start, int end) {
        if (end - start < FIXED_LENGTH || buffer.getByte(start + 7) != TO_TABLE) {
            return null;
        }
        final int family = buffer.getByte(start) & 0xFF;
        final NetlinkAttributes attributes = new NetlinkAttributes(buffer, start + FIXED_LENGTH, end);
        final byte[] ports = attributes.bytes(FRA_DPORT_RANGE);
        return new KernelRule(
                family == Rtnetlink.AF_INET6,
                attributes.uint32(FRA_PRIORITY, 0),
                attributes.uint32(FRA_TABLE, buffer.getByte(start + 4) & 0xFF),
                attributes.uint8(FRA_PROTOCOL, 0),
                LOOPBACK.equals(attributes.text(FRA_IIFNAME)),
                Rtnetlink.address(family, attributes.bytes(FRA_DST)),
                attributes.uint8(FRA_IP_PROTO, 0),
                ports == null || ports.length < 2
                        ? 0
                        : ByteBuffer.wrap(ports).order(ByteOrder.nativeOrder()).getShort() & 0xFFFF);
    }

    /** Adds a rule; an equal one must not be there. */
    public void add(KernelRule rule) {
        socket.change(
                request(
                        RTM_NEWRULE,
                        NetlinkMessage.ACKNOWLEDGE | NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE,
                        rule),
                "adding a routing rule to table " + rule.table());
    }

    /** Deletes a rule that is equal in all that is given. */
    public void delete(KernelRule rule) {
        socket.change(
                request(RTM_DELRULE, NetlinkMessage.ACKNOWLEDGE, rule),
                "deleting a routing rule to table " + rule.table());
    }

    private static NetlinkMessage request(int type, int flags, KernelRule rule) {
        final IpAddress destination = rule.destination();
        final NetlinkMessage request = new NetlinkMessage(type, flags)
                .uint8(rule.ipv6() ? Rtnetlink.AF_INET6 : Rtnetlink.AF_INET)
                .uint8(destination == null ? 0 : destination.bitLength())
                .uint8(0)
                .uint8(0)
                .uint8(rule.table() < 256 ? rule.table() : 0)
                .uint8(0)
                .uint8(0)
                .uint8(TO_TABLE)
                .uint32(0)
                .attribute(FRA_PRIORITY, rule.priority())
                .attribute(FRA_TABLE, rule.table());
        if (rule.origin() != 0) {
            request.attribute8(FRA_PROTOCOL, rule.origin());
        }
        if (rule.isLocalOutput()) {
            request.attribute(FRA_IIFNAME, LOOPBACK);
        }
        if (destination != null) {
            request.attribute(FRA_DST, destination.toBytes());
        }
        if (rule.protocol() != 0) {
            request.attribute8(FRA_IP_PROTO, rule.protocol());
        }
        if (rule.destinationPort() != 0) {
            final short port = (short) rule.destinationPort();
            request.attribute(
                    FRA_DPORT_RANGE,
                    ByteBuffer.allocate(4)
                            .order(ByteOrder.nativeOrder())
                            .putShort(port)
                            .putShort(port)
                            .array());
        }
        return request;
    }
}
