package io.weir.bench.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.weir.bench.experiment.Settings;
import io.weir.bench.throughput.Scenarios;
import io.weir.bench.throughput.Traffic;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProfileTest {
    @Test
    void allTimeBelongsToAPhaseAndMemoryIsFasterThanForwarding() throws Exception {
        final Settings settings =
                new Settings(List.of(1000), List.of("64"), List.of(false), false, List.of(1), 0.5, 1, 0.6, -1, false);
        final Profile profile =
                Profile.of(Scenarios.byName("chain").orElseThrow(), Traffic.of(1000, "64", false, false), settings);
        assertThat(profile.samples()).isGreaterThan(20);
        assertThat(profile.sampledShare().values().stream()
                        .mapToDouble(share -> share)
                        .sum())
                .isCloseTo(1, within(1e-9));
        assertThat(profile.sumNs()).isPositive();
        for (final Phase phase : List.of(Phase.RX, Phase.PARSE, Phase.LOOKUP, Phase.REWRITE, Phase.TX)) {
            assertThat(profile.ns(phase)).as(phase.label()).isPositive();
        }
        assertThat(profile.ceiling().copyNs()).isPositive();
        assertThat(1 / profile.ceiling().mpps() * 1000).isLessThan(profile.sumNs());
        assertThat(profile.hottest()).isNotEmpty().allMatch(line -> line.share() > 0);
    }

    @Test
    void theInnermostMethodThatTellsDecides() {
        assertThat(Phase.of("OffHeap", "getLong")).isNull();
        assertThat(Phase.of("PlainHeaders", "parseIpv4")).isEqualTo(Phase.PARSE);
        assertThat(Phase.of("Encapsulation", "write")).isEqualTo(Phase.REWRITE);
        assertThat(Phase.of("FlowCache", "findIpv4")).isEqualTo(Phase.LOOKUP);
        assertThat(Phase.of("PacketPool", "release")).isEqualTo(Phase.TX);
    }
}
