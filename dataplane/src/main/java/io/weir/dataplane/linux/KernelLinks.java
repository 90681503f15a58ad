package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import java.util.Optional;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/** The interfaces of one namespace: list, make, change, move, delete. They are named by their names. */
public final class KernelLinks {
    static final int RTM_NEWLINK = 16;
    static final int RTM_DELLINK = 17;
    private static final int RTM_GETLINK = 18;

    /** Bytes of {@code struct ifinfomsg}: family, padding, type (2), index, flags, mask of changed flags. */
    private static final int FIXED_LENGTH = 16;

    private static final int IFF_UP = 1;

    // linux/if_link.h
    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_GSO_MAX_SEGS = 40;
    private static final int IFLA_LINK = 5;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_TXQLEN = 13;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_AF_SPEC = 26;
    private static final int IFLA_NET_NS_FD = 28;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int IFLA_INET6_ADDR_GEN_MODE = 8;
    private static final int IN6_ADDR_GEN_MODE_NONE = 1;
    private static final int VETH_INFO_PEER = 1;
    private static final int IFLA_VXLAN_ID = 1;
    private static final int IFLA_VXLAN_LINK = 3;
    private static final int IFLA_VXLAN_LOCAL = 4;
    private static final int IFLA_VXLAN_LEARNING = 7;
    private static final int IFLA_VXLAN_PORT = 15;
    private static final int IFLA_VXLAN_LOCAL6 = 17;

    private final NetlinkSocket socket;

    KernelLinks(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** All interfaces, in the kernel's order. */
    public List<KernelLink> list() {
        NetlinkMessage request = fixed(new NetlinkMessage(RTM_GETLINK, NetlinkMessage.DUMP), 0, 0, 0);
        return socket.list(request, RTM_NEWLINK, "listing the interfaces", KernelLinks::parse);
    }

    /** The interface of this name, if there is one. */
    public Optional<KernelLink> find(String name) {
        InterfaceName.check(name);
        KernelLink[] found = new KernelLink[1];
        try {
            socket.query(
                    named(RTM_GETLINK, NetlinkMessage.ACKNOWLEDGE, name),
                    "looking for interface " + name,
                    (type, buffer, start, end) -> found[0] = parse(buffer, start, end));
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENODEV) {
                throw e;
            }
        }
        return Optional.ofNullable(found[0]);
    }

    /** The number of an interface. */
    public int index(String name) {
        return find(name)
                .map(KernelLink::index)
                .orElseThrow(() -> LinuxException.of("looking for interface " + name, Errno.ENODEV.number()));
    }

    /** Makes a pair of interfaces that are joined, both down; the other may be born in another namespace. */
    public void createVeth(String name, String peerName, @Nullable NetworkNamespace peerNamespace) {
        InterfaceName.check(peerName);
        create(
                name,
                "veth",
                request -> request.nestedUnmarked(VETH_INFO_PEER, () -> {
                    fixed(request, 0, 0, 0).attribute(IFLA_IFNAME, peerName);
                    if (peerNamespace != null) {
                        request.attribute(IFLA_NET_NS_FD, peerNamespace.fd());
                    }
                }));
    }

    /** Makes a bridge, down. */
    public void createBridge(String name) {
        create(name, "bridge", request -> {});
    }

    /**
     * Makes a VXLAN interface (RFC 7348) without learning, down.
     *
     * @param vni        the network, 24 bits
     * @param udpPort    the destination port
     * @param local      the outer source address
     * @param underlying the interface that outer packets leave by
     */
    public void createVxlan(String name, int vni, int udpPort, IpAddress local, String underlying) {
        int underlyingIndex = index(underlying);
        create(
                name,
                "vxlan",
                request -> request.attribute(IFLA_VXLAN_ID, vni)
                        .attribute(IFLA_VXLAN_LINK, underlyingIndex)
                        .attribute(local.isIpv4() ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, local.toBytes())
                        .attribute8(IFLA_VXLAN_LEARNING, 0)
                        .attribute(IFLA_VXLAN_PORT, new byte[] {(byte) (udpPort >>> 8), (byte) udpPort}));
    }

    /** Deletes an interface. */
    public void delete(String name) {
        socket.change(named(RTM_DELLINK, NetlinkMessage.ACKNOWLEDGE, name), "deleting interface " + name);
    }

    /** Sets an interface up. */
    public void up(String name) {
        change(name, "setting interface " + name + " up", fixedNamed(name, IFF_UP, IFF_UP));
    }

    /** Sets an interface down; routes by it vanish. */
    public void down(String name) {
        change(name, "setting interface " + name + " down", fixedNamed(name, 0, IFF_UP));
    }

    /** Sets the length of the longest IP packet. */
    public void mtu(String name, int mtu) {
        change(
                name,
                "setting the MTU of interface " + name + " to " + mtu,
                fixedNamed(name, 0, 0).attribute(IFLA_MTU, mtu));
    }

    /** Sets how many segments a packet stands for at most that the kernel leaves to the interface to cut. */
    public void segmentsPerPacket(String name, int segments) {
        change(
                name,
                "setting the segments per packet of interface " + name + " to " + segments,
                fixedNamed(name, 0, 0).attribute(IFLA_GSO_MAX_SEGS, segments));
    }

    /** Sets the Ethernet address. */
    public void mac(String name, MacAddress mac) {
        change(
                name,
                "setting the address of interface " + name + " to " + mac,
                fixedNamed(name, 0, 0).attribute(IFLA_ADDRESS, mac.toBytes()));
    }

    /** Sets how many packets wait at most to be sent; for a TAP, to be read. */
    public void transmitQueueLength(String name, int packets) {
        change(
                name,
                "setting the queue length of interface " + name + " to " + packets,
                fixedNamed(name, 0, 0).attribute(IFLA_TXQLEN, packets));
    }

    /** Keeps the kernel from giving an interface an IPv6 link-local address of its own when it is set up. */
    public void withoutGeneratedAddress(String name) {
        NetlinkMessage request = fixedNamed(name, 0, 0);
        request.nested(
                IFLA_AF_SPEC,
                () -> request.nested(
                        Rtnetlink.AF_INET6,
                        () -> request.attribute8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)));
        change(name, "keeping interface " + name + " without a generated address", request);
    }

    /** Makes an interface a port of a bridge, or with null of none any more. */
    public void master(String name, @Nullable String bridge) {
        int index = bridge == null ? 0 : index(bridge);
        change(
                name,
                bridge == null
                        ? "taking interface " + name + " out of its bridge"
                        : "adding interface " + name + " to bridge " + bridge,
                fixedNamed(name, 0, 0).attribute(IFLA_MASTER, index));
    }

    /** Renames an interface that is down. */
    public void rename(String name, String newName) {
        InterfaceName.check(newName);
        // The name is what changes, so the interface has to be given by its number.
        NetlinkMessage request = fixed(new NetlinkMessage(RTM_NEWLINK, NetlinkMessage.ACKNOWLEDGE), index(name), 0, 0);
        change(name, "renaming interface " + name + " to " + newName, request.attribute(IFLA_IFNAME, newName));
    }

    /** Moves an interface to another namespace, under another name; it arrives there down and without addresses. */
    public void move(String name, NetworkNamespace namespace, String newName) {
        InterfaceName.check(newName);
        NetlinkMessage request = fixed(new NetlinkMessage(RTM_NEWLINK, NetlinkMessage.ACKNOWLEDGE), index(name), 0, 0);
        change(
                name,
                "moving interface " + name + " to the " + namespace + " as " + newName,
                request.attribute(IFLA_NET_NS_FD, namespace.fd()).attribute(IFLA_IFNAME, newName));
    }

    /** The interface that a message is about, or null if the message is too short. */
    static @Nullable KernelLink parse(DirectBuffer buffer, int start, int end) {
        if (end - start < FIXED_LENGTH) {
            return null;
        }
        NetlinkAttributes attributes = new NetlinkAttributes(buffer, start + FIXED_LENGTH, end);
        byte[] mac = attributes.bytes(IFLA_ADDRESS);
        return new KernelLink(
                buffer.getInt(start + 4),
                attributes.text(IFLA_IFNAME),
                attributes.nested(IFLA_LINKINFO).text(IFLA_INFO_KIND),
                buffer.getInt(start + 8),
                attributes.uint32(IFLA_MTU, 0),
                mac == null || mac.length != MacAddress.LENGTH ? MacAddress.ZERO : MacAddress.ofBytes(mac),
                attributes.uint32(IFLA_MASTER, 0),
                attributes.uint32(IFLA_LINK, 0),
                attributes.uint32(IFLA_TXQLEN, 0));
    }

    private interface Data {
        void write(NetlinkMessage request);
    }

    private void create(String name, String kind, Data data) {
        InterfaceName.check(name);
        NetlinkMessage request = new NetlinkMessage(
                RTM_NEWLINK, NetlinkMessage.ACKNOWLEDGE | NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE);
        fixed(request, 0, 0, 0)
                .attribute(IFLA_IFNAME, name)
                .nested(
                        IFLA_LINKINFO,
                        () -> request.attribute(IFLA_INFO_KIND, kind)
                                .nested(IFLA_INFO_DATA, () -> data.write(request)));
        socket.change(request, "making " + kind + " interface " + name);
    }

    private void change(String name, String what, NetlinkMessage request) {
        InterfaceName.check(name);
        socket.change(request, what);
    }

    private static NetlinkMessage named(int type, int flags, String name) {
        return fixed(new NetlinkMessage(type, flags), 0, 0, 0).attribute(IFLA_IFNAME, InterfaceName.check(name));
    }

    private static NetlinkMessage fixedNamed(String name, int flags, int changed) {
        return fixed(new NetlinkMessage(RTM_NEWLINK, NetlinkMessage.ACKNOWLEDGE), 0, flags, changed)
                .attribute(IFLA_IFNAME, InterfaceName.check(name));
    }

    private static NetlinkMessage fixed(NetlinkMessage request, int index, int flags, int changed) {
        return request.uint8(0).uint8(0).uint16(0).uint32(index).uint32(flags).uint32(changed);
    }
}
