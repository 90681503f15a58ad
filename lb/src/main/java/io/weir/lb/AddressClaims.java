package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who gets which virtual address: the better kind wins, then the smaller name, whatever the order in which they come.
 *
 * @param conflicts addresses that two Services claim, one sentence each; at most 100
 */
record AddressClaims(AddressTable table, List<String> conflicts) {
    /** A person reads this many conflicts; more only fill memory. */
    private static final int MAX_CONFLICTS = 100;

    static AddressClaims settle(Collection<VirtualService> services) {
        int entries = 0;
        final Map<Integer, VirtualService> byIndex = HashMap.newHashMap(services.size());
        for (final VirtualService service : services) {
            entries += 3 * service.spec().addresses().size();
            byIndex.put(service.index(), service);
        }
        final AddressTable table = new AddressTable(entries);
        final List<String> conflicts = new ArrayList<>();
        for (final VirtualService service : services) {
            for (final VirtualAddress address : service.spec().addresses()) {
                claim(table, byIndex, service, address, conflicts);
                if (address.kind() == AddressKind.NODE_PORT
                        && service.spec().externalPolicy() == TrafficPolicy.CLUSTER) {
                    claim(table, byIndex, service, atAnyNode(address), new ArrayList<>());
                }
            }
        }
        conflicts.sort(Comparator.naturalOrder());
        return new AddressClaims(table, List.copyOf(conflicts.subList(0, Math.min(conflicts.size(), MAX_CONFLICTS))));
    }

    /** The same node port at the addresses of whichever node: what another node sends on is looked up by it. */
    private static VirtualAddress atAnyNode(VirtualAddress nodePort) {
        return new VirtualAddress(
                nodePort.address().isIpv4() ? IpAddress.ANY_V4 : IpAddress.ANY_V6, nodePort.port(), nodePort.kind());
    }

    private static void claim(
            AddressTable table,
            Map<Integer, VirtualService> byIndex,
            VirtualService service,
            VirtualAddress claimed,
            List<String> conflicts) {
        final IpAddress address = claimed.address();
        final int protocol = service.spec().protocol();
        final int value = AddressTable.value(service.index(), claimed.kind());
        if (claimed.kind() == AddressKind.CLUSTER_IP) {
            table.put(address, ServiceTable.ANY, ServiceTable.ANY, value);
        }
        final int holderValue = table.find(address.high(), address.low(), claimed.port(), protocol);
        final VirtualService holder =
                holderValue == AddressTable.MISSING ? null : byIndex.get(AddressTable.service(holderValue));
        if (holder == null) {
            table.put(address, claimed.port(), protocol, value);
            return;
        }
        int order = AddressTable.kind(holderValue).compareTo(claimed.kind());
        if (order == 0) {
            order = holder.spec().key().compareTo(service.spec().key());
        }
        if (order > 0) {
            table.put(address, claimed.port(), protocol, value);
        }
        if (holder.index() != service.index()) {
            final ServiceKey winner = (order < 0 ? holder : service).spec().key();
            final ServiceKey loser = (order < 0 ? service : holder).spec().key();
            conflicts.add(address + " port " + claimed.port() + " is claimed by " + winner + " and " + loser + "; "
                    + winner + " has it");
        }
    }
}
