package io.weir.lb;

import static io.weir.lb.ServiceScene.TCP;
import static io.weir.lb.ServiceScene.UDP;
import static io.weir.lb.ServiceScene.address;
import static io.weir.lb.ServiceScene.backends;
import static io.weir.lb.ServiceScene.clusterIp;
import static io.weir.lb.ServiceScene.ip;
import static io.weir.lb.ServiceScene.key;
import static io.weir.lb.ServiceScene.withPolicies;
import static io.weir.lb.ServiceScene.withSourceRanges;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The kernel as oracle: Services drawn at random, as nftables rules in a Linux router and as weir's table, and the same
 * packets to both. Each kind of connection must meet the same verdict and reach the same set of backends.
 */
@TopologyTest
class KernelServicesTopologyTest {
    private static final int SERVICES = 24;
    /** With three backends, the chance that one is never chosen is below 1e-9. */
    private static final int CONNECTIONS = 56;

    private static final int REFUSED_CONNECTIONS = 4;

    private static final List<String> SOURCES = List.of("10.180.9.9", "10.180.1.1", "203.0.113.2", "203.0.113.130");

    private record Flow(int protocol, String source, String destination, int port) {
        @Override
        public String toString() {
            return (protocol == TCP ? "tcp " : "udp ") + source + " to " + destination + ":" + port;
        }
    }

    @ParameterizedTest
    @EnumSource(OracleFamily.class)
    void weirAndTheKernelSendNewConnectionsTheSameWay(OracleFamily family) throws IOException, InterruptedException {
        TopologyNamespaces.assumeProgram("nft", "nftables");
        final ServiceRules rules = new ServiceRules(
                family.prefixes("10.180.0.0/16"),
                family.prefixes("172.30.0.0/16"),
                List.of(ip(family.at("192.168.0.2"))),
                List.of(ip(family.at("192.168.0.2"))),
                false);
        final ServicesSpec spec = new ServicesSpec(rules, services(new Random(20250722), family));
        final List<Flow> flows = flows(spec, family);
        final Map<String, TreeSet<String>> byKernel = new TreeMap<>();
        final Map<String, TreeSet<String>> byWeir = new TreeMap<>();
        try (KernelRouter kernel = new KernelRouter(spec, family);
                ServiceScene weir = new ServiceScene()) {
            weir.rules = rules;
            weir.serve(spec.services().toArray(new ServiceSpec[0]));
            final Map<Integer, Flow> sent = new TreeMap<>();
            for (final Flow flow : flows) {
                boolean refused = false;
                for (int i = 0; i < (refused ? REFUSED_CONNECTIONS : CONNECTIONS); i++) {
                    final int sourcePort = 10_000 + i * 97;
                    final String outcome = plain(
                            weir.outcome(flow.protocol, flow.source, sourcePort, flow.destination, flow.port), flow);
                    byWeir.computeIfAbsent(flow.toString(), _ -> new TreeSet<>())
                            .add(outcome);
                    sent.put(kernel.send(flow.protocol, flow.source, sourcePort, flow.destination, flow.port), flow);
                    if (outcome.equals("reject") || outcome.equals("drop")) {
                        refused = true;
                        // The kernel sends a thousand ICMP errors a second, whatever their receiver, and no more.
                        TimeUnit.MILLISECONDS.sleep(2);
                    }
                }
            }
            TimeUnit.MILLISECONDS.sleep(300);
            kernel.drain();
            sent.forEach((number, flow) -> byKernel.computeIfAbsent(flow.toString(), _ -> new TreeSet<>())
                    .add(kernel.outcome(number)));
        }
        final List<String> differences = new ArrayList<>();
        byKernel.forEach((flow, outcomes) -> {
            if (!outcomes.equals(byWeir.get(flow))) {
                differences.add(flow + ": the kernel says " + outcomes + ", weir " + byWeir.get(flow));
            }
        });
        assertThat(differences).isEmpty();
        assertThat(byKernel).hasSameSizeAs(byWeir).hasSizeGreaterThan(200);
        final TreeSet<String> met = new TreeSet<>();
        byKernel.values().forEach(met::addAll);
        assertThat(met).contains("drop", "reject").anyMatch(outcome -> outcome.endsWith("masqueraded"));
        assertThat(byKernel.values()).anyMatch(backends -> backends.size() == 3);
    }

    private static String plain(String outcome, Flow flow) {
        if (outcome.startsWith("DROP")) {
            return "drop";
        }
        if (outcome.startsWith("ANSWER")) {
            return "reject";
        }
        return outcome.equals("untouched") ? flow.destination + ":" + flow.port : outcome;
    }

    private static List<ServiceSpec> services(Random random, OracleFamily family) {
        final List<ServiceSpec> services = new ArrayList<>();
        for (int i = 0; i < SERVICES; i++) {
            final int protocol = random.nextBoolean() ? TCP : UDP;
            final List<VirtualAddress> addresses = new ArrayList<>();
            addresses.add(clusterIp(family.at("172.30.0." + (1 + i)), 80));
            if (random.nextInt(3) > 0) {
                addresses.add(address(AddressKind.NODE_PORT, family.at("192.168.0.2"), 30_000 + i));
                addresses.add(address(AddressKind.LOAD_BALANCER, family.at("1.2.3." + (1 + i)), 80));
                addresses.add(address(AddressKind.EXTERNAL_IP, family.at("198.51.100." + (1 + i)), 80));
            }
            final List<String> backends = new ArrayList<>();
            final int count = random.nextInt(4);
            for (int k = 1; k <= count; k++) {
                // The first is a sender, too: it reaches itself through its own Service.
                backends.add(family.at("10.180." + k + ".1") + ":" + (8000 + i) + (random.nextInt(3) == 0 ? "!" : ""));
            }
            ServiceSpec service = withPolicies(
                    ServiceSpec.of(key("s" + i), protocol, addresses, backends(backends.toArray(new String[0]))),
                    random.nextInt(3) == 0 ? TrafficPolicy.LOCAL : TrafficPolicy.CLUSTER,
                    random.nextInt(2) == 0 ? TrafficPolicy.LOCAL : TrafficPolicy.CLUSTER);
            if (random.nextInt(3) == 0) {
                service = withSourceRanges(
                        service, family.prefixes("203.0.113.0/25").getFirst().toString());
            }
            services.add(service);
        }
        return services;
    }

    /** Every address of every Service from every sender, then wrong ports, wrong protocols and unknown addresses. */
    private static List<Flow> flows(ServicesSpec spec, OracleFamily family) {
        final List<Flow> flows = new ArrayList<>();
        for (final ServiceSpec service : spec.services()) {
            for (final VirtualAddress address : service.addresses()) {
                for (final String source : SOURCES) {
                    flows.add(new Flow(
                            service.protocol(),
                            family.at(source),
                            address.address().toString(),
                            address.port()));
                }
            }
        }
        for (int i = 0; i < SERVICES; i += 7) {
            final int protocol = spec.services().get(i).protocol();
            flows.add(new Flow(protocol, family.at(SOURCES.get(0)), family.at("172.30.0." + (1 + i)), 81));
            flows.add(new Flow(
                    protocol == TCP ? UDP : TCP, family.at(SOURCES.get(2)), family.at("172.30.0." + (1 + i)), 80));
            flows.add(new Flow(protocol, family.at(SOURCES.get(0)), family.at("172.30.1." + (1 + i)), 80));
            flows.add(new Flow(protocol, family.at(SOURCES.get(0)), family.at("1.2.3." + (1 + i)), 81));
        }
        return flows;
    }
}
