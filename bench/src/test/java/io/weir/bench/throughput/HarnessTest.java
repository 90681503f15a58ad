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
        final Measurement result = new Harness(1, 2, 0.2, message -> {}).measure(new L3Scenario(), traffic);
        assertThat(result.mpps()).isPositive();
        assertThat(result.pipelineRuns()).isZero();
        assertThat(result.burstNs().getTotalCount()).isPositive();
    }

    @Test
    void theSameParametersMakeTheSamePackets() {
        final Traffic traffic = new Traffic(10, 64, false, false);
        assertThat(traffic.frames(BenchNetwork.ends(false))).isEqualTo(traffic.frames(BenchNetwork.ends(false)));
    }
}
