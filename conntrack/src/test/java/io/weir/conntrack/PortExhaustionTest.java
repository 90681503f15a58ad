package io.weir.conntrack;

import static io.weir.conntrack.SenderThreads.NODE;
import static io.weir.conntrack.SenderThreads.START_NS;
import static io.weir.conntrack.SenderThreads.Sender;
import static io.weir.conntrack.SenderThreads.masquerade;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.pipeline.Verdict;
import org.junit.jupiter.api.Test;

/** One masquerade address, one destination, more connections than there are ports. */
class PortExhaustionTest {
    private static final int SERVER = 0x01010101;

    /** 1024 to 65535 without the NodePorts. */
    private static final int PORTS = 65_536 - 1024 - 2768;

    /** The hundred milliseconds after which a search for a port is tried again. */
    private static final long AGAIN_NS = 200_000_000L;

    @Test
    void connectionsFailOnlyWhenThePortsAreTrulyGoneAndByName() {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1 << 17);
        try (VersionSlots slots = new VersionSlots(8);
                ConntrackCompiler compiler = SenderThreads.compiler(spec, slots);
                Sender sender = new Sender(compiler.compile(spec, masquerade()))) {
            for (int i = 0; i < PORTS; i++) {
                assertThat(open(sender, i, 53, START_NS)).as("connection %d", i).isEqualTo(Verdict.FORWARD);
            }
            assertThat(compiler.table().count()).isEqualTo(PORTS);

            assertThat(open(sender, PORTS, 53, START_NS)).isEqualTo(Verdict.DROP);
            assertThat(sender.decision.reason()).isEqualTo(ConntrackDrop.SNAT_PORTS_EXHAUSTED);
            assertThat(compiler.table().counter(ConntrackCounter.NAT_PORTS_EXHAUSTED))
                    .isEqualTo(1);
            assertThat(open(sender, PORTS, 54, START_NS))
                    .as("another destination")
                    .isEqualTo(Verdict.FORWARD);
            assertThat(sender.send(SERVER, 53, NODE.ipv4Bits(), 1024, START_NS))
                    .as("an answer")
                    .isEqualTo(Verdict.FORWARD);

            // one connection ends, and its port is found
            final long laterNs = START_NS + AGAIN_NS;
            compiler.table()
                    .flush(
                            ConnectionFilter.ALL
                                    .withProtocol(17)
                                    .withDestination(io.weir.dataplane.wire.IpPrefix.parse("1.1.1.1/32"), 54)::selects,
                            new io.weir.dataplane.flow.Changes(),
                            laterNs);
            assertThat(open(sender, PORTS, 53, laterNs))
                    .as("still none is free")
                    .isEqualTo(Verdict.DROP);
            final long oneEnded = laterNs + AGAIN_NS;
            final long[] ended = {0};
            compiler.table().forEach(ConnectionFilter.ALL, oneEnded, connection -> {
                if (ended[0] == 0 && compiler.table().delete(connection.entry(), connection.generation(), oneEnded)) {
                    ended[0] = connection.replyDestinationPort();
                }
            });
            assertThat(open(sender, PORTS, 53, oneEnded)).as("one is free").isEqualTo(Verdict.FORWARD);
            assertThat(sender.decision.sourcePort()).isEqualTo((int) ended[0]);
        }
    }

    /** Every pod uses the same few ports, so that nearly every connection needs another one. */
    private static Verdict open(Sender sender, int number, int port, long nowNs) {
        return sender.send(0x0AF40000 + number / 4, 5000 + number % 4, SERVER, port, nowNs);
    }
}
