package io.weir.lb;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Services of one family written as nftables rules: verdict maps from address, protocol and port to a chain for each Service, a
 * chain for each policy, a chain for each endpoint. Says the same as a {@link ServicesSpec} in the kernel's words.
 */
final class KernelServices {
    private static final String MARK = "meta mark set meta mark or 0x4000";

    private final ServicesSpec spec;
    private final StringBuilder text = new StringBuilder();
    private final List<String> translated = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private final List<String> guarded = new ArrayList<>();

    private final OracleFamily family;
    private final String header;

    private KernelServices(ServicesSpec spec, OracleFamily family) {
        this.spec = spec;
        this.family = family;
        header = family.nft();
    }

    static String ruleset(ServicesSpec spec, OracleFamily family) {
        return new KernelServices(spec, family).write();
    }

    private String write() {
        line("table " + header + " services {");
        chain("reject-it", "reject");
        chain("drop-it", "drop");
        for (int i = 0; i < spec.services().size(); i++) {
            service("s" + i, spec.services().get(i));
        }
        chain(
                "guard",
                "type filter hook prerouting priority dstnat - 10; policy accept;",
                "ct state new " + place() + " vmap { " + String.join(", ", guarded) + " }");
        chain(
                "translate",
                "type nat hook prerouting priority dstnat; policy accept;",
                place() + " vmap { " + String.join(", ", translated) + " }");
        chain(
                "hide",
                "type nat hook postrouting priority srcnat; policy accept;",
                "meta mark & 0x4000 != 0 masquerade fully-random");
        final String refuse = "ct state new " + place() + " vmap { " + String.join(", ", refused) + " }";
        chain(
                "forwarded",
                "type filter hook forward priority filter; policy accept;",
                refuse,
                "ct state new " + header + " daddr " + set(clusterIps()) + " reject",
                "ct state new " + header + " daddr " + set(spec.rules().serviceRanges()) + " drop");
        chain("delivered", "type filter hook input priority filter; policy accept;", refuse);
        line("}");
        return text.toString();
    }

    private void service(String name, ServiceSpec service) {
        final List<BackendSpec> cluster =
                service.backends().stream().filter(BackendSpec::cluster).toList();
        final List<BackendSpec> local =
                service.backends().stream().filter(BackendSpec::local).toList();
        final boolean hasEndpoint = !cluster.isEmpty() || !local.isEmpty();
        choice(name + "-cluster", service.protocol(), cluster);
        choice(name + "-local", service.protocol(), local);
        final boolean internalLocal = service.internalPolicy() == TrafficPolicy.LOCAL;
        final boolean externalLocal = service.externalPolicy() == TrafficPolicy.LOCAL;
        chain(
                name + "-internal",
                header + " saddr != " + set(spec.rules().podRanges()) + " " + MARK,
                "goto " + name + (internalLocal ? "-local" : "-cluster"));
        if (externalLocal) {
            chain(
                    name + "-external",
                    header + " saddr " + set(spec.rules().podRanges()) + " goto " + name + "-cluster",
                    "goto " + name + "-local");
        } else {
            chain(name + "-external", MARK, "goto " + name + "-cluster");
        }
        if (!service.sourceRanges().isEmpty()) {
            chain(name + "-guard", header + " saddr != " + set(service.sourceRanges()) + " drop");
        }
        for (final VirtualAddress address : service.addresses()) {
            final boolean internal = address.kind() == AddressKind.CLUSTER_IP;
            final boolean isLocal = internal ? internalLocal : externalLocal;
            final String at = address.address() + " . " + protocol(service.protocol()) + " . " + address.port() + " : ";
            if (hasEndpoint) {
                translated.add(at + "goto " + name + (internal ? "-internal" : "-external"));
            }
            if (!hasEndpoint || (isLocal && local.isEmpty())) {
                refused.add(at + "goto " + (hasEndpoint ? "drop-it" : "reject-it"));
            }
            if (address.kind() == AddressKind.LOAD_BALANCER
                    && !service.sourceRanges().isEmpty()) {
                guarded.add(at + "goto " + name + "-guard");
            }
        }
    }

    private void choice(String name, int protocol, List<BackendSpec> backends) {
        final List<String> turns = new ArrayList<>();
        for (int i = 0; i < backends.size(); i++) {
            final BackendSpec backend = backends.get(i);
            final String endpoint = name + "-" + i;
            chain(
                    endpoint,
                    header + " saddr " + backend.address() + " " + MARK,
                    "meta l4proto " + protocol(protocol) + " dnat to " + place(backend));
            turns.add(i + " : goto " + endpoint);
        }
        if (turns.isEmpty()) {
            chain(name);
        } else {
            chain(name, "numgen random mod " + turns.size() + " vmap { " + String.join(", ", turns) + " }");
        }
    }

    private List<IpPrefix> clusterIps() {
        return spec.services().stream()
                .flatMap(service -> service.addresses().stream())
                .filter(address -> address.kind() == AddressKind.CLUSTER_IP)
                .map(VirtualAddress::address)
                .distinct()
                .map(IpPrefix::host)
                .toList();
    }

    private String place() {
        return header + " daddr . meta l4proto . th dport";
    }

    private static String place(BackendSpec backend) {
        return (backend.address().isIpv4() ? backend.address().toString() : "[" + backend.address() + "]") + ":"
                + backend.port();
    }

    private static String protocol(int protocol) {
        return protocol == PacketParser.PROTOCOL_TCP ? "tcp" : "udp";
    }

    private String set(List<IpPrefix> prefixes) {
        return prefixes.stream()
                .filter(prefix -> prefix.isIpv4() == (family == OracleFamily.IPV4))
                .map(IpPrefix::toString)
                .collect(Collectors.joining(", ", "{ ", " }"));
    }

    private void chain(String name, String... rules) {
        line("chain " + name + " {");
        for (final String rule : rules) {
            line("  " + rule);
        }
        line("}");
    }

    private void line(String line) {
        text.append(line).append('\n');
    }
}
