package io.weir.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HarnessTest {
    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true", "true,true"})
    void forwardsEveryPacketOfPlainRoutingFromTheCache(boolean ipv6, boolean tcp) {
        final Traffic traffic = new Traffic(500, 80, ipv6, tcp);
        final Measurement result = new Harness(1, 2, 0.2, message -> {})
                .measure(Scenarios.byName("l3").orElseThrow(), traffic);
        assertThat(result.mpps()).isPositive();
        assertThat(result.pipelineRuns()).isZero();
        assertThat(result.burstNs().getTotalCount()).isPositive();
    }

    @ParameterizedTest
    @CsvSource({
        "ct,false", "nat,false", "lb,false", "policy,false", "vxlan-push,false", "vxlan-pop,false", "chain,false",
        "ct,true", "nat,true", "lb,true", "policy,true", "vxlan-push,true", "vxlan-pop,true", "chain,true"
    })
    void everyScenarioForwardsAllItsPackets(String name, boolean tcp) {
        for (final boolean ipv6 : new boolean[] {false, true}) {
            final Measurement result = new Harness(1, 1, 0.1, message -> {})
                    .measure(Scenarios.byName(name).orElseThrow(), new Traffic(300, 80, ipv6, tcp));
            assertThat(result.mpps()).isPositive();
            assertThat(result.pipelineRuns()).as("missed the flow cache").isZero();
        }
    }

    @Test
    void theSameParametersMakeTheSamePackets() {
        final Traffic traffic = new Traffic(10, 64, false, false);
        assertThat(traffic.frames(BenchNetwork.ends(false)))
                .containsExactlyElementsOf(traffic.frames(BenchNetwork.ends(false)));
    }
}
