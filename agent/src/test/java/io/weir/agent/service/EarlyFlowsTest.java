package io.weir.agent.service;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.dstPort;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.srcPort;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.node.NodeDataplane;
import io.weir.agent.service.PacketNode.Sent;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.AddressKind;
import io.weir.lb.VirtualAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A UDP client asks a Service that comes: what is older than the Service ends, and what it serves already goes on. */
class EarlyFlowsTest {
    private static final String DEFAULT_ROUTES = """
            ports: {uplinks: [{name: uplink}]}
            routes: [{to: 0.0.0.0/0, port: uplink}, {to: "::/0", port: uplink}]
            """;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"10.244.1.10, 10.96.0.9, 10.244.1.21", "fd00:244:0:1::a, fd00:96::9, fd00:244:0:1::21"})
    void aFlowThatIsOlderThanItsServiceEndsWhenTheServiceComes(String client, String vip, String backend) {
        // without the range of Services, such packets go where the routes lead
        final String manifests =
                ServiceManifests.cluster("UDP", 53, 5353).replaceAll("(?m)^serviceCidrs: .*\n", DEFAULT_ROUTES);
        try (PacketNode node = nodeWithoutService(manifests)) {
            assertThat(ask(node, client, vip)).singleElement().satisfies(isUntranslated(vip));
            assertThat(ask(node, client, vip)).singleElement().satisfies(isUntranslated(vip));
            PacketNode.write(directory, "all.yaml", manifests);
            node.apply();
            assertThat(ask(node, client, vip)).singleElement().satisfies(isQueryTo(backend));
            assertThat(answer(node, backend, client)).singleElement().satisfies(isAnswerOf(vip, client));
        }
    }

    @ParameterizedTest
    @CsvSource({"10.244.1.10, 10.96.0.9, 10.244.1.21", "fd00:244:0:1::a, fd00:96::9, fd00:244:0:1::21"})
    void aFlowThatTheServiceServesAlreadyGoesOn(String client, String vip, String backend) {
        final String manifests = ServiceManifests.cluster("UDP", 53, 5353);
        try (PacketNode node = nodeWithoutService(manifests)) {
            assertThat(ask(node, client, vip)).as("an address of no Service").isEmpty();
            PacketNode.write(directory, "all.yaml", manifests);
            node.apply();

            final NodeDataplane dataplane = node.node.dataplane();
            final EarlyFlows early =
                    new EarlyFlows(dataplane.conntrack().table(), new ServiceMetrics(), () -> node.nowNs());
            final Changes changes = new Changes();
            early.endWith(changes, List.of(new VirtualAddress(IpAddress.parse(vip), 53, AddressKind.CLUSTER_IP)));
            // the worker goes on to the new table and decides by it before the last worker is seen to have passed
            assertThat(ask(node, client, vip)).singleElement().satisfies(isQueryTo(backend));
            changes.reclaims().forEach(Runnable::run);
            assertThat(answer(node, backend, client)).singleElement().satisfies(isAnswerOf(vip, client));
            assertThat(node.connection(client).packetsReply()).isEqualTo(1);
        }
    }

    /** A node that knows endpoints, but not their Service. */
    private PacketNode nodeWithoutService(String manifests) {
        PacketNode.write(
                directory, "all.yaml", manifests.replaceFirst("(?s)---\napiVersion: v1\nkind: Service\n.*?---", "---"));
        PacketNode.write(directory, "slices.yaml", ServiceManifests.slices("UDP", 5353, 21));
        return new PacketNode(directory, "node-1");
    }

    private static List<Sent> ask(PacketNode node, String client, String service) {
        return node.in(client, node.from(client, service).udp(4000, 53).build());
    }

    private static List<Sent> answer(PacketNode node, String backend, String client) {
        return node.in(backend, node.from(backend, client).udp(5353, 4000).build());
    }

    private static Consumer<Sent> isQueryTo(String backend) {
        return each -> assertPacket(each.frame()).ethernet().ip(dst(backend)).udp(srcPort(4000), dstPort(5353));
    }

    private static Consumer<Sent> isAnswerOf(String service, String client) {
        return each -> assertPacket(each.frame())
                .ethernet()
                .ip(src(service), dst(client))
                .udp(srcPort(53), dstPort(4000));
    }

    private static Consumer<Sent> isUntranslated(String service) {
        return each -> assertPacket(each.frame()).ethernet().ip(dst(service)).udp(dstPort(53));
    }
}
