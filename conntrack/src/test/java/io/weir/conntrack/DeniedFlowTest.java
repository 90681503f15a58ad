package io.weir.conntrack;

import static io.weir.dataplane.worker.TestDataplane.GATEWAY_MAC;
import static io.weir.dataplane.worker.TestDataplane.POD1_MAC;
import static io.weir.dataplane.worker.TestDataplane.POD2_MAC;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.FlowRecord;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.worker.TestDataplane;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Packets that a policy denies are dropped by the flow cache, and never longer than they are denied. */
class DeniedFlowTest {
    private static final long SECOND = 1L << 30;
    private static final ConntrackSpec SPEC = ConntrackSpec.DEFAULT.withCapacity(4096);
    private static final DataplaneDrop DENIED = DataplaneDrop.BLACKHOLE_ROUTE;

    private @Nullable ConntrackCompiler conntrack;
    private int policySlot;
    private Predicate<Decision> denies = decision -> decision.subjectSourceLow() == pod(1);
    private boolean rejects;
    private final TestDataplane test = new TestDataplane((routes, self) -> {
        final ConntrackStages stages = conntrack(self).compile(SPEC, SnatSpec.NONE);
        return List.of(stages.conntrack(), new Policy(), new RouteStage(routes), stages.snat(), stages.commit());
    });

    private ConntrackCompiler conntrack(TestDataplane self) {
        ConntrackCompiler compiler = conntrack;
        if (compiler == null) {
            compiler = new ConntrackCompiler(
                    SPEC, BackendStates.ALL_PRESENT, self.dataplane.slots(), new SplittableRandom(1));
            conntrack = compiler;
            policySlot = self.dataplane.slots().allocate();
            self.tracker = compiler.table();
        }
        return compiler;
    }

    private ConntrackTable table() {
        return conntrack(test).table();
    }

    private final class Policy implements Stage {
        @Override
        public String name() {
            return "policy";
        }

        @Override
        public Verdict decide(Packet packet, Decision decision) {
            decision.dependsOn(policySlot);
            if (!denies.test(decision)) {
                return Verdict.CONTINUE;
            }
            return rejects ? decision.reject(DENIED, Answer.PROHIBITED) : decision.drop(DENIED);
        }

        @Override
        public String describe() {
            return "test";
        }
    }

    private static long pod(int number) {
        return 0xFFFF_0A00_0100L | number;
    }

    private static byte[] fromPod1(int sourcePort, int destinationPort) {
        return PacketBuilder.packet()
                .ethernet(POD1_MAC, GATEWAY_MAC)
                .ipv4("10.0.1.1", "10.0.1.2")
                .udp(sourcePort, destinationPort)
                .payload("1")
                .build();
    }

    private static byte[] fromPod2(int sourcePort, int destinationPort) {
        return PacketBuilder.packet()
                .ethernet(POD2_MAC, GATEWAY_MAC)
                .ipv4("10.0.1.2", "10.0.1.1")
                .udp(sourcePort, destinationPort)
                .payload("2")
                .build();
    }

    private static byte[] segmentFromPod1(int sourcePort, String flags) {
        return PacketBuilder.packet()
                .ethernet(POD1_MAC, GATEWAY_MAC)
                .ipv4("10.0.1.1", "10.0.1.2")
                .tcp(sourcePort, 80)
                .flags(flags)
                .mss(1460)
                .build();
    }

    private static byte[] segmentFromPod2(int destinationPort, String flags) {
        return PacketBuilder.packet()
                .ethernet(POD2_MAC, GATEWAY_MAC)
                .ipv4("10.0.1.2", "10.0.1.1")
                .tcp(80, destinationPort)
                .flags(flags)
                .build();
    }

    private long denied() {
        return test.counters().drops(DENIED.id());
    }

    private long pipelineRuns() {
        return test.count(PathCounter.PIPELINE_RUNS);
    }

    @AfterEach
    void close() {
        test.close();
        conntrack(test).close();
    }

    @Test
    void aFloodOfOneDeniedFlowTakesTheSlowPathOnceASecond() {
        final byte[] packet = fromPod1(4000, 53);
        for (int i = 0; i < 10_000; i++) {
            test.send(test.pod1, packet);
            test.nowNs += SECOND / 2_000;
        }
        assertThat(denied()).isEqualTo(10_000);
        assertThat(pipelineRuns()).isBetween(1L, 7L);
        assertThat(test.pod2.transmitted()).isEmpty();
        assertThat(table().count()).isZero();
    }

    @Test
    void aDeniedSenderMayAnswerAtOnce() {
        test.send(test.pod1, fromPod1(4000, 53));
        test.send(test.pod1, fromPod1(4000, 53));
        assertThat(pipelineRuns()).as("the drop is remembered").isEqualTo(1);

        test.send(test.pod2, fromPod2(53, 4000));
        assertThat(test.pod1.transmitted()).hasSize(1);
        for (int i = 0; i < 5; i++) {
            test.send(test.pod1, fromPod1(4000, 53));
        }
        assertThat(test.pod2.transmitted()).as("answers").hasSize(5);
        assertThat(denied()).isEqualTo(2);
    }

    @Test
    void anotherConnectionChangesNothing() {
        test.send(test.pod1, fromPod1(4000, 53));
        test.send(test.pod2, fromPod2(53, 4001));
        test.send(test.pod1, fromPod1(4000, 53));
        assertThat(denied()).isEqualTo(2);
        assertThat(pipelineRuns()).isEqualTo(2);
    }

    @Test
    void aPolicyChangeIsDecidedAnewAtOnce() {
        final byte[] packet = fromPod1(4000, 53);
        test.send(test.pod1, packet);
        test.send(test.pod1, packet);
        changePolicy(decision -> false);
        test.send(test.pod1, packet);
        test.send(test.pod1, packet);
        assertThat(test.pod2.transmitted()).hasSize(2);
        assertThat(denied()).isEqualTo(2);
        assertThat(pipelineRuns()).isEqualTo(2);
    }

    @Test
    void aConnectionThatIsDeniedLaterIsDroppedByTheCacheUntilItEnds() {
        denies = decision -> false;
        final byte[] packet = fromPod1(4000, 53);
        test.send(test.pod1, packet);
        changePolicy(decision -> decision.connectionState() == ConnectionState.ESTABLISHED);
        for (int i = 0; i < 100; i++) {
            test.send(test.pod1, packet);
        }
        assertThat(denied()).isEqualTo(100);
        assertThat(pipelineRuns()).isEqualTo(2);

        // the table's own doing, so no version slot is stamped
        table().forEach(
                        ConnectionFilter.ALL,
                        test.nowNs,
                        connection -> table().delete(connection.entry(), connection.generation(), test.nowNs));
        test.send(test.pod1, packet);
        assertThat(test.pod2.transmitted()).as("begins a connection again").hasSize(2);
    }

    @Test
    void aFloodOfManyDeniedFlowsPushesNoForwardedFlowOut() {
        denies = decision -> decision.subjectDestinationPort() == 53;
        for (int port = 1; port <= 500; port++) {
            test.send(test.pod1, fromPod1(port, 80));
        }
        final long runs = pipelineRuns();
        for (int port = 1; port <= 60_000; port++) {
            test.send(test.pod1, fromPod1(port, 53));
        }
        assertThat(pipelineRuns()).isEqualTo(runs + 60_000);
        for (int port = 1; port <= 500; port++) {
            test.send(test.pod1, fromPod1(port, 80));
        }
        assertThat(pipelineRuns()).as("forwarded flows were remembered").isEqualTo(runs + 60_000);
    }

    @Test
    void aFloodOfOneDeniedSynTakesTheSlowPathOnceASecond() {
        final byte[] syn = segmentFromPod1(4000, "S");
        final byte[] congestionAware = segmentFromPod1(4000, "SEC");
        for (int i = 0; i < 10_000; i++) {
            test.send(test.pod1, (i & 1) == 0 ? syn : congestionAware);
            test.nowNs += SECOND / 2_000;
        }
        assertThat(denied()).isEqualTo(10_000);
        assertThat(pipelineRuns()).isBetween(1L, 7L);
        assertThat(test.pod2.transmitted()).isEmpty();
        assertThat(table().count()).isZero();
    }

    @Test
    void aSynIsAllowedFromThePolicyChangeOn() {
        final byte[] syn = segmentFromPod1(4000, "S");
        test.send(test.pod1, syn);
        test.send(test.pod1, syn);
        assertThat(pipelineRuns()).as("the drop is remembered").isEqualTo(1);

        changePolicy(decision -> false);
        test.send(test.pod1, syn);
        assertThat(test.pod2.transmitted()).hasSize(1);
        test.send(test.pod1, syn);
        assertThat(test.pod2.transmitted()).as("sent again").hasSize(2);
        assertThat(denied()).isEqualTo(2);
    }

    @Test
    void theOtherEndBeginsTheConnectionWhoseSynWasDenied() {
        final byte[] syn = segmentFromPod1(4000, "S");
        test.send(test.pod1, syn);
        test.send(test.pod1, syn);
        test.send(test.pod2, segmentFromPod2(4000, "S"));
        assertThat(pipelineRuns()).isEqualTo(2);

        test.send(test.pod1, syn);
        assertThat(pipelineRuns()).as("both open at once: decided anew").isEqualTo(3);
        assertThat(test.pod2.transmitted())
                .as("it belongs to what the other began")
                .hasSize(1);
    }

    @Test
    void aDeniedSynSaysNothingAboutOtherSegmentsOfItsAddressesAndPorts() {
        test.send(test.pod1, segmentFromPod1(4000, "S"));
        test.send(test.pod1, segmentFromPod1(4000, "S"));
        assertThat(pipelineRuns()).isEqualTo(1);
        for (final String flags : List.of("A", "SA", "F", "R", "SF", "SP")) {
            final long before = pipelineRuns();
            test.send(test.pod1, segmentFromPod1(4000, flags));
            assertThat(pipelineRuns()).as(flags).isEqualTo(before + 1);
        }
    }

    @Test
    void aSynWithinAConnectionIsDecidedEachTime() {
        denies = decision -> false;
        test.send(test.pod1, segmentFromPod1(4000, "S"));
        changePolicy(decision -> true);
        for (int i = 0; i < 5; i++) {
            test.send(test.pod1, segmentFromPod1(4000, "S"));
        }
        assertThat(denied()).isEqualTo(5);
        assertThat(pipelineRuns()).isEqualTo(6);
    }

    @Test
    void aSynThatWouldReopenAnEndedConnectionIsDecidedEachTime() {
        denies = decision -> false;
        test.send(test.pod1, segmentFromPod1(4000, "S"));
        test.send(test.pod2, segmentFromPod2(4000, "R"));
        changePolicy(decision -> true);
        final long runs = pipelineRuns();
        for (int i = 0; i < 5; i++) {
            test.send(test.pod1, segmentFromPod1(4000, "S"));
        }
        assertThat(denied()).isEqualTo(5);
        assertThat(pipelineRuns()).isEqualTo(runs + 5);
    }

    @Test
    void everySynIsRejectedWhereDeniedMeansRejected() {
        rejects = true;
        for (int i = 0; i < 5; i++) {
            test.send(test.pod1, segmentFromPod1(4000, "S"));
        }
        assertThat(denied()).isEqualTo(5);
        assertThat(pipelineRuns()).as("answers come from the pipeline").isEqualTo(5);
    }

    @Test
    void aDeniedSynIsListedAsTcp() {
        test.send(test.pod1, segmentFromPod1(4000, "S"));
        final List<FlowRecord> flows = new ArrayList<>();
        test.dataplane.workers().getFirst().flowCache().forEach(test.nowNs, flows::add);
        assertThat(flows).hasSize(1).allSatisfy(flow -> {
            assertThat(flow.protocol()).isEqualTo(6);
            assertThat(flow.dropReason()).isEqualTo(DENIED.id());
        });
    }

    private void changePolicy(Predicate<Decision> next) {
        denies = next;
        final Changes changes = new Changes();
        changes.touch(policySlot);
        test.publish(changes);
    }
}
