package io.weir.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weir.bench.peers.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportHtmlTest {
    @TempDir
    private Path directory;

    @Test
    void hasAPictureOfEachKindAndNothingFromElsewhere() {
        final String page = ReportHtml.write(report());
        assertThat(page.split("<svg class=\"chart\"", -1)).hasSize(1 + 8);
        assertThat(page)
                .contains(
                        "Packets a second: 1,000 flows, 64 bytes, IPv4 UDP, 1 worker",
                        "Packets a second: 100,000 flows",
                        "weir&#39;s rate over flows".replace("&#39;", "'"),
                        "Delay: latency",
                        "Times as good as: 1,000 flows",
                        "weir : ovs-dpdk",
                        "connect: connections",
                        "scale: load",
                        "routes: 10 routes, weir: 3.00 ms",
                        "services: 10 Services, weir: 4.00 ms",
                        "<td class=\"n better\">4.00 ×</td>",
                        "no vpp &lt;here&gt;")
                .doesNotContain("http://", "https://", "<script", "url(", "NaN", "churn: alone");
    }

    @Test
    void aBusyMachineIsNoSecret() {
        assertThat(ReportHtml.write(report(0.1))).doesNotContain("Other programs were running");
        assertThat(ReportHtml.write(report(9))).contains("Other programs were running");
    }

    @Test
    void opensInABrowser() throws Exception {
        assumeTrue(Command.isOnPath("chromium"), "no chromium on the path");
        final Path file = directory.resolve("report.html");
        Files.writeString(file, ReportHtml.write(report()));
        final String dom = Command.run(
                Map.of("HOME", directory.toString()),
                List.of(
                        "chromium",
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--user-data-dir=" + directory.resolve("profile"),
                        "--dump-dom",
                        file.toUri().toString()));
        assertThat(dom).contains("<title>weir bench</title>");
        assertThat(dom.split("<svg class=\"chart\"", -1)).hasSize(1 + 8);
        assertThat(dom.split("<rect class=\"weir\"", -1))
                .as("bars and keys of weir")
                .hasSizeGreaterThanOrEqualTo(1 + 6);
    }

    @Test
    void axesEndAtRoundFigures() {
        assertThat(Scale.linear(23.4).highest()).isEqualTo(25);
        assertThat(Scale.linear(23.4).lines()).containsExactly(0.0, 5.0, 10.0, 15.0, 20.0, 25.0);
        assertThat(Scale.linear(0).highest()).isPositive();
        assertThat(Scale.logarithmic(3, 4200).lines()).containsExactly(1.0, 10.0, 100.0, 1000.0, 10000.0);
        assertThat(Scale.round(2.5)).isEqualTo("2.5");
        assertThat(Scale.round(1000)).isEqualTo("1k");
        assertThat(Scale.figure(1.1)).isEqualTo("1.10");
        assertThat(Scale.figure(2_345_678)).isEqualTo("2.35M");
    }

    private static Machine machine(double load) {
        return new Machine(
                "a CPU", 2000, 2, "L1d 32K", 1L << 32, "transparent: madvise", "Linux", "Java", List.of(), load);
    }

    private static Report report() {
        return report(0.1);
    }

    private static Report report(double load) {
        final List<Result> results = new ArrayList<>();
        for (final int flows : new int[] {1_000, 100_000}) {
            for (final String scenario : List.of("l3", "chain")) {
                results.add(Result.of(scenario, Variant.flows(flows), Subject.WEIR, Metric.RATE, 20, 21, 19));
                results.add(Result.of(scenario, Variant.flows(flows), Subject.OVS_DPDK, Metric.RATE, 5, 5.1, 4.9));
            }
        }
        for (final double percentile : new double[] {50, 99, 99.9, 100}) {
            results.add(
                    Result.of("latency", Variant.flows(1_000), Subject.WEIR, Metric.latency(percentile), percentile));
        }
        results.add(Result.of("connect", Variant.flows(1_000), Subject.WEIR, Metric.CONNECTIONS, 1e6));
        results.add(Result.of("connect", Variant.flows(100_000), Subject.WEIR, Metric.CONNECTIONS, 9e5));
        final Metric loading = new Metric("load", "ms", false);
        results.add(Result.of("scale-routes", Variant.flows(1).withDetail("10 routes"), Subject.WEIR, loading, 3));
        results.add(Result.of("scale-services", Variant.flows(1).withDetail("10 Services"), Subject.WEIR, loading, 4));
        results.add(Result.of("churn", Variant.flows(1), Subject.WEIR, new Metric("alone", "bytes", false), 5));
        return new Report(
                "weir bench run",
                "2026-11-22T08:00:00Z",
                90,
                machine(load),
                results,
                List.of(new Skipped("l3", Subject.VPP, "no vpp <here>")));
    }
}
