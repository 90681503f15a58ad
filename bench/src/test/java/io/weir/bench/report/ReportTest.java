package io.weir.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
    private final Result rate = Result.of(
                    "l3",
                    Variant.flows(1000).withDetail("with \"quotes\", and commas"),
                    Subject.OVS_DPDK,
                    Metric.RATE,
                    9,
                    11,
                    10)
            .withCommand("ovs-vswitchd");

    private final Report report = new Report(
            "weir bench run l3",
            "2026-11-22T08:00:00Z",
            3.5,
            Machine.here(),
            List.of(
                    rate,
                    Result.of("l3", Variant.flows(1), Subject.WEIR, Metric.latency(99.9), 5)
                            .withHeap(0, 2)),
            List.of(new Skipped("l3", Subject.VPP, "no vpp on the path")));

    @Test
    void takesTheMedianAndTellsTheSpread() {
        assertThat(rate.median()).isEqualTo(10);
        assertThat(rate.lowest()).isEqualTo(9);
        assertThat(rate.highest()).isEqualTo(11);
        assertThat(rate.samples()).isEqualTo(3);
        assertThat(rate.spread()).isCloseTo(0.1, within(1e-9));
        assertThat(Result.of("l3", Variant.flows(1), Subject.WEIR, Metric.RATE, 4, 1, 3, 2)
                        .median())
                .isEqualTo(2.5);
    }

    @Test
    void nothingIsAMultipleOfNoLoss() {
        final Result ours = Result.of("tap-latency", Variant.flows(1), Subject.WEIR, Metric.LOST, 0.1);
        final Result none = Result.of("tap-latency", Variant.flows(1), Subject.KERNEL, Metric.LOST, 0);
        assertThat(ours.hasRatioTo(none)).isFalse();
        assertThat(none.hasRatioTo(ours)).isTrue();
        assertThat(ours.sameAs(none)).isTrue();
    }

    @Test
    void jsonGivesBackWhatItWasGiven() {
        final String json = ReportJson.write(report);
        assertThat(ReportJson.read(json)).isEqualTo(report);
        assertThat(json).contains("\"subject\" : \"ovs-dpdk\"", "\"name\" : \"latency-p99.9\"");
        assertThatThrownBy(() -> ReportJson.read("{\"results\": 1}"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("not a report: ");
    }

    @Test
    void csvHasALineForEachResultAndQuotesWhatNeedsIt() {
        final String[] lines = ReportCsv.write(report).split("\r\n", -1);
        assertThat(lines).hasSize(4);
        assertThat(lines[0])
                .startsWith("scenario,subject,flows,packets,ipv6,protocol,workers,detail,metric,unit,median");
        assertThat(lines[1])
                .startsWith("l3,ovs-dpdk,1000,64,false,udp,1,\"with \"\"quotes\"\", and commas\",rate,Mpps,10.0000,")
                .endsWith(",3,,,,ovs-vswitchd,");
        assertThat(lines[2]).contains(",latency-p99.9,µs,5.00000,").endsWith(",1,,0,2,,");
        assertThat(lines[3]).isEmpty();
    }

    @Test
    void theMachineIsDescribed() {
        final Machine machine = Machine.here();
        assertThat(machine.cores()).isPositive();
        assertThat(machine.cpu()).isNotBlank();
        assertThat(machine.java()).contains("VM");
        assertThat(machine.flags()).noneMatch(flag -> flag.startsWith("-Djava.io"));
        assertThat(machine.text()).contains("cores");
    }
}
