package io.weir.agent.service;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.dstPort;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.srcPort;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.service.PacketNode.Sent;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * An SCTP association through a Service, by packets, because many kernels lack SCTP. Ports are rewritten, so every packet
 * needs a new CRC32c, which covers no address.
 */
class SctpServicePacketsTest {
    private static final String SCTP = "SCTP";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        ServiceManifests.CLIENT + "," + ServiceManifests.VIP + ", 10.244.1.21, 10.244.1.22",
        ServiceManifests.CLIENT6 + "," + ServiceManifests.VIP6 + ", fd00:244:0:1::21, fd00:244:0:1::22"
    })
    void anAssociationLivesAndMovesWhenItsBackendGoes(String client, String vip, String first, String second) {
        PacketNode.write(directory, "all.yaml", ServiceManifests.cluster(SCTP, 3868, 13868));
        PacketNode.write(directory, "slices.yaml", ServiceManifests.slices(SCTP, 13868, 21));
        try (PacketNode node = new PacketNode(directory, "node-1")) {
            there(node, client, first, toService(node, client, vip).init(7, 1));
            back(node, client, vip, first, fromBackend(node, client, first, 7).initAck(9, 1));
            there(
                    node,
                    client,
                    first,
                    toService(node, client, vip).verificationTag(9).chunk(10, 0, (byte) 1));
            back(node, client, vip, first, fromBackend(node, client, first, 7).chunk(11, 0));
            for (int i = 0; i < 4; i++) {
                there(
                        node,
                        client,
                        first,
                        toService(node, client, vip).verificationTag(9).data(i, (byte) i));
                back(
                        node,
                        client,
                        vip,
                        first,
                        fromBackend(node, client, first, 7).data(i, (byte) -i));
            }

            PacketNode.write(directory, "slices.yaml", ServiceManifests.slices(SCTP, 13868, 22));
            node.apply();
            there(node, client, second, toService(node, client, vip).init(8, 1));
            back(node, client, vip, second, fromBackend(node, client, second, 8).initAck(10, 1));
        }
    }

    private static PacketBuilder toService(PacketNode node, String client, String vip) {
        return node.from(client, vip).sctp(5000, 3868);
    }

    private static PacketBuilder fromBackend(PacketNode node, String client, String backend, int tag) {
        return node.from(backend, client).sctp(13868, 5000).verificationTag(tag);
    }

    private static void there(PacketNode node, String client, String backend, PacketBuilder packet) {
        final List<Sent> out = node.in(client, packet.build());
        assertThat(out)
                .singleElement()
                .satisfies(each -> assertPacket(each.frame())
                        .ethernet()
                        .ip(src(client), dst(backend))
                        .sctp(srcPort(5000), dstPort(13868))
                        .checksumsValid());
    }

    private static void back(PacketNode node, String client, String vip, String backend, PacketBuilder packet) {
        final List<Sent> out = node.in(backend, packet.build());
        assertThat(out)
                .singleElement()
                .satisfies(each -> assertPacket(each.frame())
                        .ethernet()
                        .ip(src(vip), dst(client))
                        .sctp(srcPort(3868), dstPort(5000))
                        .checksumsValid());
    }
}
