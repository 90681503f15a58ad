package io.weir.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScenariosTest {
    @ParameterizedTest
    @CsvSource({
        "l3,false",
        "ct,false",
        "nat,false",
        "lb,false",
        "policy,false",
        "vxlan-push,false",
        "vxlan-pop,false",
        "chain,false",
        "l3,true",
        "ct,true",
        "nat,true",
        "lb,true",
        "policy,true",
        "vxlan-push,true",
        "vxlan-pop,true",
        "chain,true"
    })
    void everyScenarioForwardsAllItsPacketsFromTheCacheAndAllocatesNothing(String name, boolean tcp) throws Exception {
        for (final boolean ipv6 : new boolean[] {false, true}) {
            final Scenario scenario = Scenarios.byName(name).orElseThrow();
            try (WeirSession session = new WeirSession(scenario, new Traffic(300, 80, ipv6, tcp), Workers.ONE)) {
                session.warmUp(0.1);
                assertThat(session.run(0.05)).isPositive();
                assertThat(session.cacheMisses()).as("missed the flow cache").isZero();
                assertThat(allocatedWhenWarm(session)).as("bytes on the heap").isZero();
                assertThat(session.generatorRun(0.01)).isPositive();
            }
        }
    }

    /** Of a run, after as many as the compiler needs to see that nothing escapes; interpreted code allocates a little. */
    private static long allocatedWhenWarm(WeirSession session) throws InterruptedException {
        long allocated = 1;
        for (int i = 0; i < 10 && allocated != 0; i++) {
            final long before = session.allocatedBytes();
            session.run(0.05);
            allocated = session.allocatedBytes() - before;
        }
        return allocated;
    }

    @ParameterizedTest
    @ValueSource(strings = {"l3", "chain"})
    void workersShareTheFlows(String name) throws Exception {
        final Scenario scenario = Scenarios.byName(name).orElseThrow();
        try (WeirSession session = new WeirSession(scenario, new Traffic(301, 80, false, false), new Workers(2, -1))) {
            session.warmUp(0.3);
            assertThat(session.run(0.2)).isPositive();
            assertThat(session.cacheMisses()).as("missed the flow cache").isZero();
            assertThat(session.allocatedBytes()).as("bytes on the heap").isZero();
            assertThat(session.cpuSeconds()).isPositive();
        }
    }

    @ParameterizedTest
    @CsvSource({"l3,false", "chain,true", "vxlan-pop,false"})
    void aMixOfSizesIsForwarded(String name, boolean ipv6) throws Exception {
        final Scenario scenario = Scenarios.byName(name).orElseThrow();
        final Traffic traffic = Traffic.of(240, "imix", ipv6, false);
        assertThat(scenario.frames(traffic).stream()
                        .mapToInt(frame -> frame.length)
                        .distinct()
                        .count())
                .isEqualTo(3);
        try (WeirSession session = new WeirSession(scenario, traffic, Workers.ONE)) {
            session.warmUp(0.1);
            assertThat(session.run(0.05)).isPositive();
            assertThat(session.cacheMisses()).as("missed the flow cache").isZero();
        }
    }

    @Test
    void theSameParametersMakeTheSamePackets() {
        final Traffic traffic = new Traffic(10, 64, false, false);
        assertThat(traffic.frames(BenchNetwork.ends(false)))
                .containsExactlyElementsOf(traffic.frames(BenchNetwork.ends(false)));
    }

    @Test
    void packetsThatCanNotBeMadeAreRefused() {
        assertThatThrownBy(() -> new Traffic(1, 73, true, true)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Traffic(1, 1515, false, false)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Traffic.of(1, "big", false, false)).hasMessageContaining("'big' is no size");
        assertThat(Traffic.of(1, "64", true, true).frameSize()).isEqualTo(74);
    }
}
