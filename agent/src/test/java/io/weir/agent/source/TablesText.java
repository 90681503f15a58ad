package io.weir.agent.source;

import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.dataplane.route.Route;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.ServiceStatus;
import io.weir.lb.ServiceTable;
import io.weir.policy.PolicyTable;
import io.weir.policy.classify.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** What a dataplane's tables say, as sorted lines without the numbers that depend on their history. */
final class TablesText {
    private static final int PROBES = 5_000;
    private static final int[] PORTS = {80, 443, 8080};

    private TablesText() {}

    /** @param pods between which policies are asked */
    static List<String> of(NodeDataplane node, List<IpAddress> pods) {
        final List<String> lines = new ArrayList<>();
        new TreeSet<>(node.podPorts().keySet()).forEach(pod -> lines.add("port " + pod));
        node.routes().routes().stream().map(TablesText::route).sorted().forEach(lines::add);
        final ServiceTable services = node.services();
        if (services != null) {
            services.statuses().stream().map(TablesText::service).sorted().forEach(lines::add);
            services.conflicts().forEach(lines::add);
        }
        final LocalNode local = Objects.requireNonNull(node.node());
        final List<IpAddress> own = local.pods().values().stream()
                .flatMap(pod -> pod.addresses().stream())
                .toList();
        policies(node.policies(), pods, own, lines);
        return lines;
    }

    private static String route(Route route) {
        return "route " + route.prefix() + " " + route.kind() + " " + route.origin();
    }

    private static String service(ServiceStatus status) {
        final List<String> backends = status.backends().stream()
                .map(each -> each.address() + ":" + each.port() + " " + each.weight() + " " + each.cluster() + " "
                        + each.local() + " " + each.state() + " " + each.node() + " " + each.target())
                .sorted()
                .toList();
        return "service " + status.key() + " " + status.protocol() + " " + status.addresses() + " "
                + status.internalPolicy() + " " + status.externalPolicy() + " " + status.internalVerdict() + " "
                + status.externalVerdict() + " " + status.scheduler() + " " + status.tableSize() + " "
                + status.affinityTimeoutNs() + " " + backends;
    }

    private static void policies(PolicyTable table, List<IpAddress> pods, List<IpAddress> own, List<String> lines) {
        final SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < PROBES; i++) {
            final IpAddress from = pods.get(random.nextInt(pods.size()));
            final IpAddress to = own.get(random.nextInt(own.size()));
            final int port = PORTS[random.nextInt(PORTS.length)];
            lines.add(from + " > " + to + " " + port + " " + table.allows(from, to, Protocol.TCP, port));
        }
    }
}
