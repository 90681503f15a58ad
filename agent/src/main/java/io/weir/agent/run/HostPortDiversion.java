package io.weir.agent.run;

import io.weir.agent.node.HostPortPlace;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.PodGateways;
import io.weir.agent.service.NodePortPlace;
import io.weir.dataplane.linux.Errno;
import io.weir.dataplane.linux.KernelRoute;
import io.weir.dataplane.linux.KernelRule;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.wire.IpPrefix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Lets the node's own processes reach host ports and node ports by the node's own addresses. The kernel would deliver such packets to itself,
 * because its first routing rule asks the table of local addresses. So that rule moves behind rules that send exactly these
 * ports to weir, in a table of their own; weir answers with the node's address as the source, which the interface then
 * accepts. Without such ports nothing is changed, and at the end all is put back.
 *
 * <p>There is a rule for each port and address, and the kernel goes through all of them when the node's own processes begin a
 * connection; a range of ports in one rule would take those away that a process of the node listens at.
 *
 * <p>A weir that is killed leaves rules that lead to an empty table and so on to the local one: nothing but these ports,
 * which need weir anyway, is the worse for it. The next weir clears them.
 */
final class HostPortDiversion implements AutoCloseable {
    /** Also the number of the table: weir's own. */
    private static final int TABLE = KernelRoute.WEIR;

    private static final int FIRST = 0;

    /** Where the rule of the local table waits meanwhile. */
    private static final int BEHIND = 10;

    private final String device;
    private final int index;
    private final NetworkNamespace namespace;
    private final Rtnetlink network;
    private final Set<HostPortPlace> diverted = new HashSet<>();
    private List<HostPortPlace> hostPorts = List.of();
    private List<NodePortPlace> nodePorts = List.of();
    private boolean isPrepared;

    HostPortDiversion(String device, int index, NetworkNamespace namespace, Rtnetlink network) {
        this.device = device;
        this.index = index;
        this.namespace = namespace;
        this.network = network;
        if (network.rules().list().stream().anyMatch(HostPortDiversion::isOurs)) {
            putBack();
        }
    }

    private static boolean isOurs(KernelRule rule) {
        return rule.origin() == KernelRoute.WEIR;
    }

    private static KernelRule local(boolean ipv6, int priority, int origin) {
        return KernelRule.all(ipv6, priority, KernelRule.LOCAL_TABLE, origin);
    }

    private static KernelRule rule(HostPortPlace place) {
        return new KernelRule(
                place.address().isIpv6(),
                FIRST,
                TABLE,
                KernelRoute.WEIR,
                true,
                place.address(),
                place.protocol(),
                place.port());
    }

    /** Diverts the host ports and node ports that the node has now, and no others. */
    @SuppressWarnings("ReferenceEquality")
    void arrange(LocalNode node, List<NodePortPlace> ports) {
        final List<HostPortPlace> hostPortsNow = HostPortPlace.of(node);
        if (ports == nodePorts && hostPortsNow.equals(hostPorts)) {
            return;
        }
        nodePorts = List.of(); // half done, should the kernel refuse a rule
        final Set<HostPortPlace> wanted = new HashSet<>(hostPortsNow);
        ports.forEach(each -> wanted.add(new HostPortPlace(each.address(), each.protocol(), each.port())));
        for (final HostPortPlace old : List.copyOf(diverted)) {
            if (!wanted.contains(old)) {
                network.rules().delete(rule(old));
                diverted.remove(old);
            }
        }
        if (!wanted.isEmpty() && !isPrepared) {
            prepare();
        }
        for (final HostPortPlace place : wanted) {
            if (!diverted.contains(place)) {
                addUnlessThere(rule(place));
                diverted.add(place);
            }
        }
        if (wanted.isEmpty() && isPrepared) {
            putBack();
        }
        hostPorts = hostPortsNow;
        nodePorts = ports;
    }

    private void prepare() {
        isPrepared = true;
        namespace.run(() -> acceptOwnAddresses(device));
        network.routes()
                .replace(KernelRoute.to(IpPrefix.parse("0.0.0.0/0"), index)
                        .viaOnlink(PodGateways.IPV4)
                        .table(TABLE));
        network.routes()
                .replace(KernelRoute.to(IpPrefix.parse("::/0"), index)
                        .viaOnlink(PodGateways.IPV6)
                        .table(TABLE));
        for (final boolean ipv6 : new boolean[] {false, true}) {
            addUnlessThere(local(ipv6, BEHIND, KernelRoute.WEIR));
            deleteIfThere(local(ipv6, FIRST, 0));
        }
    }

    private static void acceptOwnAddresses(String device) {
        try {
            Files.writeString(Path.of("/proc/sys/net/ipv4/conf", device, "accept_local"), "1");
        } catch (final IOException e) {
            throw new UncheckedIOException("setting accept_local of " + device, e);
        }
    }

    /** The local table first, as every kernel begins, and no rule of weir's. */
    private void putBack() {
        isPrepared = false;
        for (final boolean ipv6 : new boolean[] {false, true}) {
            addUnlessThere(local(ipv6, FIRST, KERNEL));
        }
        new ArrayList<>(network.rules().list())
                .stream().filter(HostPortDiversion::isOurs).forEach(this::deleteIfThere);
        diverted.clear();
    }

    /** Who made a rule that was there from the beginning, as {@code ip rule} shows it. */
    private static final int KERNEL = 2;

    private void addUnlessThere(KernelRule rule) {
        try {
            network.rules().add(rule);
        } catch (final LinuxException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
        }
    }

    private void deleteIfThere(KernelRule rule) {
        try {
            network.rules().delete(rule);
        } catch (final LinuxException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        if (isPrepared) {
            putBack();
        }
    }
}
