package io.weir.bench.setup;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.throughput.RouteScenario;
import io.weir.bench.throughput.Scenarios;
import io.weir.bench.throughput.Traffic;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FirstPacketsTest {
    @ParameterizedTest
    @ValueSource(strings = {"ct", "nat", "lb", "policy", "chain"})
    void everyFlowIsOpenedOnceAndForwarded(String scenario) throws Exception {
        try (PinnedThread thread = new PinnedThread(-1)) {
            final double rate = FirstPackets.perSecond(
                    thread, Scenarios.byName(scenario).orElseThrow(), Traffic.of(2000, "64", true, false));
            assertThat(rate).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000})
    void packetsFindTheirRouteAmongMany(int routes) throws Exception {
        try (PinnedThread thread = new PinnedThread(-1)) {
            final RouteScenario scenario = new RouteScenario(routes);
            assertThat(FirstPackets.perSecond(thread, scenario, Traffic.of(2000, "64", false, false)))
                    .isPositive();
            assertThat(scenario.lastLoadMs()).isPositive();
        }
    }
}
