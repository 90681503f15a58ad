package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.DatagramStream;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.worker.Worker;
import io.weir.tools.demo.Transfer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Two workers with a queue each of every TAP, and a fanout group on an uplink: both work, and nothing that one of them begins and
 * the other goes on with (a connection's other direction, a first fragment, a neighbour) is lost.
 */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoWorkersTopologyTest {
    private static final String CONFIG = NodeRig.NODE + """
            workers: {count: 2}
            ports:
              uplinks:
              - {name: left, device: up0, addresses: [192.168.7.1/24, "fd00:7::1/64"]}
            """;

    private NodeRig rig;

    @BeforeAll
    void start() throws IOException {
        rig = new NodeRig(CONFIG).pod("client", 10).pod("server", 11);
        rig.net.namespace("left");
        rig.net.veth("node", "up0", "left", "eth0");
        rig.net.run("left", "ip", "address", "add", "192.168.7.2/24", "dev", "eth0");
        rig.net.run("left", "ip", "address", "add", "fd00:7::2/64", "dev", "eth0");
        rig.net.run("left", "ip", "route", "add", "default", "via", "192.168.7.1");
        rig.net.run("left", "ip", "-6", "route", "add", "default", "via", "fd00:7::1");
        rig.start();
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "client, server, 10.244.1.11",
        "client, server, fd00:244:0:1::b",
        "client, left, 192.168.7.2",
        "left, server, fd00:244:0:1::b"
    })
    void everySizeComesBack(String from, String to, String address) throws IOException {
        // fragments of one datagram go by their addresses, whole ones by their ports: different queues
        try (UdpEcho echo = new UdpEcho(rig.namespace(from), rig.namespace(to), IpAddress.parse(address))) {
            assertThat(echo.failing(IntStream.of(0, 1, 1472, 1473, 3000, 20_000, 65_507)))
                    .isEmpty();
        }
    }

    @Test
    void bothWorkAndConnectionsMeetBoth() throws Exception {
        final long[] before = packets();
        for (int round = 0; round < 3; round++) {
            final List<CompletableFuture<Boolean>> all = new ArrayList<>();
            all.add(transfer("client", "server", "10.244.1.11"));
            all.add(transfer("left", "client", "10.244.1.10"));
            all.add(transfer("server", "left", "fd00:7::2"));
            for (final CompletableFuture<Boolean> each : all) {
                assertThat(each.get()).isTrue();
            }
        }
        final long[] after = packets();
        assertThat(after[0] - before[0]).as("packets of worker 0").isPositive();
        assertThat(after[1] - before[1]).as("packets of worker 1").isPositive();
    }

    @Test
    void datagramsStayInOrder() throws Exception {
        final List<DatagramStream> streams = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                streams.add(new DatagramStream(
                        rig.namespace("client"), rig.namespace("server"), "10.244.1.11", 6100 + i, 0));
            }
            Thread.sleep(1000);
            for (final DatagramStream stream : streams) {
                assertThat(stream.finish()).as("lost of %d", stream.sent()).isZero();
                assertThat(stream.misplaced()).isZero();
            }
        } finally {
            for (final DatagramStream stream : streams) {
                stream.close();
            }
        }
    }

    private CompletableFuture<Boolean> transfer(String from, String to, String address) {
        final long bytes = 20L << 20;
        return CompletableFuture.supplyAsync(
                () -> Transfer.run(rig.namespace(from), rig.namespace(to), IpAddress.parse(address), bytes)
                        .isWhole(bytes));
    }

    private long[] packets() {
        return rig.running().dataplane().dataplane().workers().stream()
                .map(Worker::counters)
                .mapToLong(counters -> IntStream.range(0, counters.ports())
                        .mapToLong(counters::receivedPackets)
                        .sum())
                .toArray();
    }
}
