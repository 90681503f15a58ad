package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/** The addresses on the interfaces of one namespace. */
public final class KernelAddresses {
    private static final int RTM_NEWADDR = 20;
    private static final int RTM_DELADDR = 21;
    private static final int RTM_GETADDR = 22;

    /** Bytes of {@code struct ifaddrmsg}: family, prefix length, flags, scope, interface index. */
    private static final int FIXED_LENGTH = 8;

    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_FLAGS = 8;
    private static final int IFA_F_NODAD = 0x02;
    private static final int IFA_F_TENTATIVE = 0x40;
    private static final int SCOPE_UNIVERSE = 0;
    private static final int SCOPE_LINK = 253;
    private static final int SCOPE_HOST = 254;

    private final NetlinkSocket socket;
    private final KernelLinks links;

    KernelAddresses(NetlinkSocket socket, KernelLinks links) {
        this.socket = socket;
        this.links = links;
    }

    /** All addresses of both families. */
    public List<KernelAddress> list() {
        NetlinkMessage request = new NetlinkMessage(RTM_GETADDR, NetlinkMessage.DUMP);
        request.uint8(0).uint8(0).uint8(0).uint8(0).uint32(0);
        return socket.list(request, RTM_NEWADDR, "listing the addresses", KernelAddresses::parse);
    }

    /**
     * Gives an interface an address, usable at once: an IPv6 one is not tried for duplicates (weir hands addresses out
     * itself). An address that is there already stays as it is.
     */
    public void add(String interfaceName, IpAddress address, int prefixLength) {
        socket.change(
                request(
                        RTM_NEWADDR,
                        NetlinkMessage.ACKNOWLEDGE | NetlinkMessage.CREATE | NetlinkMessage.REPLACE,
                        interfaceName,
                        address,
                        prefixLength),
                "adding address " + address + "/" + prefixLength + " to interface " + interfaceName);
    }

    /** Takes an address from an interface. */
    public void delete(String interfaceName, IpAddress address, int prefixLength) {
        socket.change(
                request(RTM_DELADDR, NetlinkMessage.ACKNOWLEDGE, interfaceName, address, prefixLength),
                "deleting address " + address + "/" + prefixLength + " from interface " + interfaceName);
    }

    private NetlinkMessage request(int type, int flags, String interfaceName, IpAddress address, int prefixLength) {
        int scope = address.isLoopback() ? SCOPE_HOST : address.isLinkLocal() ? SCOPE_LINK : SCOPE_UNIVERSE;
        NetlinkMessage request = new NetlinkMessage(type, flags)
                .uint8(Rtnetlink.family(address))
                .uint8(prefixLength)
                .uint8(0)
                .uint8(scope)
                .uint32(links.index(interfaceName))
                .attribute(IFA_LOCAL, address.toBytes())
                .attribute(IFA_ADDRESS, address.toBytes());
        return address.isIpv4() ? request : request.attribute(IFA_FLAGS, IFA_F_NODAD);
    }

    private static @Nullable KernelAddress parse(DirectBuffer buffer, int start, int end) {
        if (end - start < FIXED_LENGTH) {
            return null;
        }
        NetlinkAttributes attributes = new NetlinkAttributes(buffer, start + FIXED_LENGTH, end);
        int family = buffer.getByte(start) & 0xFF;
        // On a point-to-point interface the local one is the node's own and the other the far side's.
        byte[] bytes = attributes.has(IFA_LOCAL) ? attributes.bytes(IFA_LOCAL) : attributes.bytes(IFA_ADDRESS);
        if (bytes == null || !Rtnetlink.isAddress(family, bytes)) {
            return null;
        }
        int flags = attributes.uint32(IFA_FLAGS, buffer.getByte(start + 2) & 0xFF);
        return new KernelAddress(
                buffer.getInt(start + 4),
                IpAddress.ofBytes(bytes),
                buffer.getByte(start + 1) & 0xFF,
                (flags & IFA_F_TENTATIVE) != 0);
    }
}
