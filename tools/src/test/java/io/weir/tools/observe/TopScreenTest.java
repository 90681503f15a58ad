package io.weir.tools.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.observe.CountedPort;
import io.weir.dataplane.observe.CounterLabel;
import io.weir.dataplane.observe.CounterSnapshot;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The screen as a function of two looks at the counters. */
class TopScreenTest {
    private static final List<CounterLabel> LABELS =
            List.of(new CounterLabel(CounterLabel.Kind.DROP, 3, "no-route", "There is no route."));
    private static final List<CountedPort> PORTS =
            List.of(new CountedPort(0, "uplink", "uplink"), new CountedPort(1, "default/a", "pod"));

    private static CounterSnapshot at(long seconds, long packets, long drops) {
        final long[] worker = new long[(int) (PathCounters.length(2) / 8)];
        worker[PathCounters.portIndex(1)] = packets;
        worker[PathCounters.portIndex(1) + 1] = packets * 125;
        worker[PathCounters.index(PathCounter.BURSTS)] = packets / 4;
        worker[PathCounters.index(PathCounter.CACHE_HITS)] = packets / 2;
        worker[3] = drops;
        final TreeMap<String, Long> values = new TreeMap<>();
        values.put("flow-cache/flows-worker-0", 12L);
        final long takenNs = seconds * 1_000_000_000L;
        return new CounterSnapshot("n", 1, 0, takenNs, takenNs, LABELS, PORTS, List.of(worker), values);
    }

    @Test
    void ratesArePerSecond() {
        final List<String> lines = TopScreen.lines(new Rates(at(10, 1_000, 5), at(12, 2_001_000, 2_005)), 120, 100);
        assertThat(lines.get(1))
                .isEqualTo("in 1.00M packets/s 1.00Gbit/s   out 0 packets/s 0bit/s   dropped 1.00k/s"
                        + "   flows 12   connections 0");
        assertThat(lines).anySatisfy(line -> assertThat(line).matches("0 +1.00M +4.0 +50% +0 +1.00k +12"));
        assertThat(lines).anySatisfy(line -> assertThat(line).matches("no-route +1.00k +2005"));
        assertThat(lines).anySatisfy(line -> assertThat(line).matches("default/a +pod +1.00M +1.00G +0 +0"));
        assertThat(lines.indexOf(lines.stream()
                        .filter(line -> line.startsWith("default/a"))
                        .findFirst()
                        .orElseThrow()))
                .isLessThan(lines.size() - 1);
    }

    @Test
    void theScreenIsNeverExceeded() {
        for (int height = 0; height < 30; height++) {
            for (int width = 1; width < 130; width += 7) {
                final int most = width;
                assertThat(TopScreen.lines(new Rates(at(1, 0, 0), at(2, 5, 1)), width, height))
                        .hasSizeLessThanOrEqualTo(height)
                        .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(most));
            }
        }
    }

    @Test
    void aPortIdWithANewOwnerHasNoNegativeRate() {
        assertThat(new Rates(at(1, 5_000, 9), at(2, 10, 9)).ports())
                .allSatisfy(port -> assertThat(port.received()).isNotNegative());
    }

    @Test
    void numbersHaveThreeDigits() {
        assertThat(List.of(0.0, 9.4, 999.4, 999.6, 1_000.0, 12_345.0, 999_600.0, 1.5e9, 2e15).stream()
                        .map(TopScreen::abbreviated)
                        .toList())
                .containsExactly("0", "9", "999", "1.00k", "1.00k", "12.3k", "1.00M", "1.50G", "2000T");
    }
}
