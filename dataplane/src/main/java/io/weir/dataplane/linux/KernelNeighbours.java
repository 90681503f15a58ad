package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/** The neighbour tables (ARP and ND) of one namespace, and the forwarding entries of its VXLAN interfaces. */
public final class KernelNeighbours {
    static final int RTM_NEWNEIGH = 28;
    static final int RTM_DELNEIGH = 29;
    private static final int RTM_GETNEIGH = 30;

    /** Bytes of {@code struct ndmsg}: family, padding (3), interface index, state (2), flags, type. */
    private static final int FIXED_LENGTH = 12;

    private static final int AF_BRIDGE = 7;
    private static final int NDA_DST = 1;
    private static final int NDA_LLADDR = 2;
    private static final int NUD_NOARP = 0x40;
    private static final int NUD_PERMANENT = 0x80;
    private static final int NTF_SELF = 0x02;

    private final NetlinkSocket socket;
    private final KernelLinks links;

    KernelNeighbours(NetlinkSocket socket, KernelLinks links) {
        this.socket = socket;
        this.links = links;
    }

    /** All neighbours of both families. */
    public List<KernelNeighbour> list() {
        NetlinkMessage request = fixed(new NetlinkMessage(RTM_GETNEIGH, NetlinkMessage.DUMP), 0, 0, 0, 0);
        return socket.list(request, RTM_NEWNEIGH, "listing the neighbours", KernelNeighbours::parse);
    }

    /** Sets a neighbour that stays, in place of what is known of it. */
    public void add(String interfaceName, IpAddress address, MacAddress mac) {
        NetlinkMessage request = new NetlinkMessage(
                RTM_NEWNEIGH, NetlinkMessage.ACKNOWLEDGE | NetlinkMessage.CREATE | NetlinkMessage.REPLACE);
        socket.change(
                fixed(request, Rtnetlink.family(address), links.index(interfaceName), NUD_PERMANENT, 0)
                        .attribute(NDA_DST, address.toBytes())
                        .attribute(NDA_LLADDR, mac.toBytes()),
                "adding neighbour " + address + " to interface " + interfaceName);
    }

    /** Forgets a neighbour. */
    public void delete(String interfaceName, IpAddress address) {
        NetlinkMessage request = new NetlinkMessage(RTM_DELNEIGH, NetlinkMessage.ACKNOWLEDGE);
        socket.change(
                fixed(request, Rtnetlink.family(address), links.index(interfaceName), 0, 0)
                        .attribute(NDA_DST, address.toBytes()),
                "deleting neighbour " + address + " from interface " + interfaceName);
    }

    /** Tells a VXLAN interface behind which outer address an Ethernet address is. */
    public void addForwarding(String vxlanName, MacAddress mac, IpAddress outer) {
        NetlinkMessage request = new NetlinkMessage(
                RTM_NEWNEIGH, NetlinkMessage.ACKNOWLEDGE | NetlinkMessage.CREATE | NetlinkMessage.REPLACE);
        socket.change(
                fixed(request, AF_BRIDGE, links.index(vxlanName), NUD_NOARP | NUD_PERMANENT, NTF_SELF)
                        .attribute(NDA_LLADDR, mac.toBytes())
                        .attribute(NDA_DST, outer.toBytes()),
                "adding the forwarding entry for " + mac + " to interface " + vxlanName);
    }

    /** The neighbour that a message is about, or null if it is about something else. */
    static @Nullable KernelNeighbour parse(DirectBuffer buffer, int start, int end) {
        if (end - start < FIXED_LENGTH) {
            return null;
        }
        NetlinkAttributes attributes = new NetlinkAttributes(buffer, start + FIXED_LENGTH, end);
        byte[] address = attributes.bytes(NDA_DST);
        if (address == null || !Rtnetlink.isAddress(buffer.getByte(start) & 0xFF, address)) {
            return null;
        }
        byte[] mac = attributes.bytes(NDA_LLADDR);
        return new KernelNeighbour(
                buffer.getInt(start + 4),
                IpAddress.ofBytes(address),
                mac == null || mac.length != MacAddress.LENGTH ? MacAddress.ZERO : MacAddress.ofBytes(mac),
                buffer.getShort(start + 8) & 0xFFFF);
    }

    private static NetlinkMessage fixed(NetlinkMessage request, int family, int index, int state, int flags) {
        return request.uint8(family)
                .uint8(0)
                .uint16(0)
                .uint32(index)
                .uint16(state)
                .uint8(flags)
                .uint8(0);
    }
}
