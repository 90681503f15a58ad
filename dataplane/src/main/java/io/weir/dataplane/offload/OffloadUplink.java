package io.weir.dataplane.offload;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfMap;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.BpfTable;
import io.weir.dataplane.linux.KernelLink;
import io.weir.dataplane.linux.KernelLinks;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An uplink by which the kernel carries connections of pods. A redirect stays within one namespace or crosses a veth pair, and the
 * uplink is not where the pods' veths end, so a pair of its own, the trunk, joins the two.
 *
 * <pre>
 *   switch namespace            :            node's namespace
 *   host end ─program─► trunk ──:──► trunk's other end ─program─► uplink
 *   host end ◄─program─ trunk ◄─:──────────────────────◄─program─ uplink ─► weir's packet socket, with a filter
 * </pre>
 */
public final class OffloadUplink implements AutoCloseable {
    /** The most that a veth takes: what passes was measured before. */
    private static final int MTU = 65535;

    private static final Path SYSCTL = Path.of("/proc/sys/net");

    private final SwitchNamespace namespace;
    private final String trunkName;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private int trunk;

    private OffloadUplink(SwitchNamespace namespace, String trunkName) {
        this.namespace = namespace;
        this.trunkName = trunkName;
    }

    /**
     * Makes the trunk, and puts the programs on it and on the uplink.
     *
     * @param sockets by which weir receives from the uplink; from now on not what the kernel carries
     */
    static OffloadUplink open(
            SwitchNamespace namespace,
            NetworkNamespace node,
            String interfaceName,
            MacAddress mac,
            List<PacketSocket> sockets,
            BpfTable table) {
        try (Rtnetlink outside = Rtnetlink.open(node)) {
            final int uplink = outside.links().index(interfaceName);
            final OffloadUplink made = new OffloadUplink(namespace, String.format("u%x", uplink));
            try {
                final KernelLink nodeEnd = made.makeTrunk(outside.links(), node, String.format("weir-u%x", uplink));
                made.load(node, interfaceName, uplink, nodeEnd, mac, sockets, table);
                return made;
            } catch (final RuntimeException e) {
                made.close();
                throw e;
            }
        }
    }

    private KernelLink makeTrunk(KernelLinks outside, NetworkNamespace node, String nodeEnd) {
        final KernelLinks inside = namespace.network().links();
        // what a weir that was killed has left
        inside.find(trunkName).ifPresent(left -> inside.delete(trunkName));
        outside.find(nodeEnd).ifPresent(left -> outside.delete(nodeEnd));
        inside.createVeth(trunkName, nodeEnd, node);
        inside.mtu(trunkName, MTU);
        outside.mtu(nodeEnd, MTU);
        node.run(() -> quiet(nodeEnd));
        inside.up(trunkName);
        outside.up(nodeEnd);
        trunk = inside.index(trunkName);
        return outside.find(nodeEnd).orElseThrow();
    }

    /** The node's own network stack does nothing with what comes in by it, also when the program is gone. */
    private static void quiet(String device) {
        Map.of(
                        "ipv4/conf/" + device + "/arp_ignore", "8",
                        "ipv4/conf/" + device + "/rp_filter", "1",
                        "ipv4/conf/" + device + "/forwarding", "0",
                        "ipv6/conf/" + device + "/disable_ipv6", "1")
                .forEach((setting, value) -> {
                    final Path file = SYSCTL.resolve(setting);
                    try {
                        if (Files.exists(file)) {
                            Files.writeString(file, value);
                        }
                    } catch (final IOException e) {
                        throw new UncheckedIOException("weir needs to write " + file, e);
                    }
                });
    }

    private void load(
            NetworkNamespace node,
            String interfaceName,
            int uplink,
            KernelLink nodeEnd,
            MacAddress mac,
            List<PacketSocket> sockets,
            BpfTable table) {
        final BpfMap pages = BpfMap.perCore("weir_taken", 1, UplinkPrograms.PAGE);
        opened.add(pages);
        final BpfProgram toUplink = load(BpfProgram.Kind.INGRESS, "weir_to_uplink", UplinkPrograms.toUplink(uplink));
        final BpfProgram toPod = load(BpfProgram.Kind.INGRESS, "weir_from_trunk", UplinkPrograms.toPod());
        final BpfProgram fromUplink = load(
                BpfProgram.Kind.INGRESS, "weir_from_uplink", UplinkPrograms.fromUplink(table, pages, nodeEnd.index()));
        final BpfProgram filter =
                load(BpfProgram.Kind.SOCKET, "weir_filter", UplinkPrograms.filter(table, pages, trunk, mac));
        namespace.namespace().run(() -> toPod.attach(trunkName));
        node.run(() -> {
            toUplink.attach(nodeEnd.name());
            fromUplink.attach(interfaceName);
        });
        // last, because from then on packets may be kept from weir
        sockets.forEach(socket -> socket.filter(filter));
    }

    private BpfProgram load(BpfProgram.Kind kind, String name, BpfInstructions instructions) {
        final BpfProgram program = BpfProgram.load(kind, name, instructions);
        opened.add(program);
        return program;
    }

    /** The switch's end of the trunk. */
    int trunk() {
        return trunk;
    }

    /** Takes programs and trunk away. The sockets must be closed or no entry lead here any more. */
    @Override
    public void close() {
        for (int i = opened.size() - 1; i >= 0; i--) {
            try {
                opened.get(i).close();
            } catch (final Exception e) {
                throw new IllegalStateException(e);
            }
        }
        opened.clear();
        final KernelLinks links = namespace.network().links();
        try {
            links.delete(trunkName);
        } catch (final LinuxException e) {
            // It went with the node's namespace.
            if (links.find(trunkName).isPresent()) {
                throw e;
            }
        }
    }
}
