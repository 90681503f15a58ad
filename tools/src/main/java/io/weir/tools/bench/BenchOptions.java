package io.weir.tools.bench;

import io.weir.bench.throughput.Harness;
import io.weir.bench.throughput.Measurement;
import io.weir.bench.throughput.Scenario;
import io.weir.bench.throughput.Traffic;
import io.weir.dataplane.linux.CpuAffinity;
import io.weir.dataplane.linux.LinuxException;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What the measuring commands share: options, the runs, the table. */
final class BenchOptions {
    @Option(
            names = "--flows",
            split = ",",
            defaultValue = "1000,100000,1000000",
            description = "Numbers of flows, one measurement each (default: ${DEFAULT-VALUE}).")
    private List<Integer> flows = List.of();

    @Option(
            names = "--size",
            defaultValue = "64",
            description = "Bytes of a frame without its check sequence (default: ${DEFAULT-VALUE}).")
    private int size;

    @Option(names = "--ipv6", description = "IPv6 packets.")
    private boolean ipv6;

    @Option(names = "--tcp", description = "TCP segments instead of UDP datagrams.")
    private boolean tcp;

    @Option(names = "--runs", defaultValue = "5", description = "Runs; the median counts (default: ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--seconds", defaultValue = "2", description = "Seconds of a run (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(
            names = "--warm-up",
            defaultValue = "5",
            description = "Seconds before the first run (default: ${DEFAULT-VALUE}).")
    private int warmUpSeconds;

    @Option(
            names = "--core",
            defaultValue = "1",
            description = "Core to run on; -1 leaves it to the kernel (default: ${DEFAULT-VALUE}).")
    private int core;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--csv", description = "Print comma-separated values.")
    private boolean csv;

    /** Measures each scenario with each number of flows, and prints. */
    void measure(List<Scenario> scenarios, CommandSpec spec) {
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter err = spec.commandLine().getErr();
        final List<Traffic> traffics = traffics(spec);
        pin();
        final Harness harness = new Harness(warmUpSeconds, runs, seconds, message -> {
            err.println("weir bench: " + message);
            err.flush();
        });
        final List<Measurement> results = new ArrayList<>();
        if (!json && !csv) {
            out.printf(
                    "%-12s %9s %9s %15s %9s %9s %9s %9s %8s%n",
                    "scenario", "flows", "Mpps", "lowest-highest", "ns/packet", "Mpps*", "p50 ns", "p99.9 ns", "bytes");
        }
        for (final Scenario scenario : scenarios) {
            for (final Traffic traffic : traffics) {
                final Measurement result = measure(harness, scenario, traffic);
                results.add(result);
                if (!json && !csv) {
                    row(out, result);
                }
            }
        }
        if (json) {
            out.println(Json.pretty(results.stream().map(BenchOptions::tree).toList()));
        } else if (csv) {
            csv(out, results);
        } else {
            out.println(
                    "Mpps* is without the time that the generator takes alone; p50 and p99.9 are of a burst of 64;");
            out.println("bytes were allocated on the heap in all runs.");
        }
        out.flush();
    }

    private List<Traffic> traffics(CommandSpec spec) {
        final List<Traffic> traffics = new ArrayList<>();
        for (final int count : flows) {
            try {
                traffics.add(new Traffic(count, Math.max(size, ipv6 && tcp ? 74 : 60), ipv6, tcp));
            } catch (final IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), e.getMessage(), e);
            }
        }
        if (runs < 1 || seconds <= 0 || warmUpSeconds < 0) {
            throw new ParameterException(spec.commandLine(), "--runs, --seconds and --warm-up must be positive");
        }
        return traffics;
    }

    private void pin() {
        if (core < 0) {
            return;
        }
        try {
            CpuAffinity.pinCurrentThread(core);
        } catch (final LinuxException e) {
            throw new CommandFailure(e.getMessage() + "; or use --core -1", e);
        }
    }

    private static Measurement measure(Harness harness, Scenario scenario, Traffic traffic) {
        try {
            return harness.measure(scenario, traffic);
        } catch (final IllegalStateException e) {
            throw new CommandFailure("the measurement means nothing: " + e.getMessage(), e);
        }
    }

    private static void row(PrintWriter out, Measurement result) {
        final Histogram bursts = result.burstNs();
        out.printf(
                "%-12s %,9d %9.2f %15s %9.1f %9.2f %,9d %,9d %,8d%n",
                result.scenario(),
                result.traffic().flows(),
                result.mpps(),
                "%.2f-%.2f".formatted(result.lowest(), result.highest()),
                result.nsPerPacket(),
                result.mppsWithoutGenerator(),
                bursts.getValueAtPercentile(50),
                bursts.getValueAtPercentile(99.9),
                result.bytesAllocated());
        out.flush();
    }

    private static Map<String, Object> tree(Measurement result) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("scenario", result.scenario());
        tree.put("flows", result.traffic().flows());
        tree.put("frameSize", result.traffic().frameSize());
        tree.put("ipv6", result.traffic().ipv6());
        tree.put("tcp", result.traffic().tcp());
        tree.put("mpps", result.mpps());
        tree.put("lowestMpps", result.lowest());
        tree.put("highestMpps", result.highest());
        tree.put("nsPerPacket", result.nsPerPacket());
        tree.put("mppsWithoutGenerator", result.mppsWithoutGenerator());
        tree.put("generatorMpps", result.generatorMpps());
        tree.put("burstNsP50", result.burstNs().getValueAtPercentile(50.0));
        tree.put("burstNsP99", result.burstNs().getValueAtPercentile(99.0));
        tree.put("burstNsP999", result.burstNs().getValueAtPercentile(99.9));
        tree.put("bytesAllocated", result.bytesAllocated());
        tree.put("cacheMisses", result.pipelineRuns());
        return tree;
    }

    private static void csv(PrintWriter out, List<Measurement> results) {
        boolean first = true;
        for (final Measurement result : results) {
            final Map<String, Object> tree = tree(result);
            if (first) {
                out.println(String.join(",", tree.keySet()));
                first = false;
            }
            out.println(String.join(
                    ",", tree.values().stream().map(Object::toString).toList()));
        }
    }
}
