package io.weir.bench.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * One transfer by {@code iperf3}.
 *
 * @param gigabitsPerSecond payload that arrived
 * @param seconds           that it took
 * @param retransmits       TCP segments sent again
 * @param clientSeconds     CPU time of the client
 * @param serverSeconds     CPU time of the server
 * @param machineSeconds    CPU time of the whole machine
 * @param forwarderSeconds  CPU time of the forwarder's own process; 0 when it has none
 */
record IperfRun(
        double gigabitsPerSecond,
        double seconds,
        long retransmits,
        double clientSeconds,
        double serverSeconds,
        double machineSeconds,
        double forwarderSeconds) {
    /** Where the server listens. */
    static final int PORT = 5201;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** CPU time of a process so far. */
    @FunctionalInterface
    interface Clock {
        double seconds() throws IOException;
    }

    /** Transfers for a while from a client's namespace to a server's, whose address this is. */
    static IperfRun of(
            BenchNamespaces net, String client, String server, String address, double seconds, Clock forwarder)
            throws IOException, InterruptedException {
        return of(net, client, server, address, PORT, seconds, forwarder);
    }

    /**
     * The same by way of somebody who translates.
     *
     * @param address  whom the client asks
     * @param port     where it asks; the server listens at {@link #PORT}
     */
    static IperfRun of(
            BenchNamespaces net,
            String client,
            String server,
            String address,
            int port,
            double seconds,
            Clock forwarder)
            throws IOException, InterruptedException {
        final Process listening = net.start(server, "", "iperf3", "-s", "-1", "--forceflush");
        try {
            // it says so when it listens
            if (listening.getInputStream().read() < 0) {
                throw new IOException("iperf3 -s ended");
            }
            Thread.sleep(100);
            final double machineBefore = ProcessorTime.busySeconds();
            final double before = forwarder.seconds();
            final String json = net.run(
                    client, "iperf3", "-c", address, "-p", Integer.toString(port), "-J", "-t", Integer.toString((int)
                            Math.ceil(seconds)));
            final double used = forwarder.seconds() - before;
            final double machine = ProcessorTime.busySeconds() - machineBefore;
            final JsonNode end = JSON.readTree(json).path("end");
            final double took = end.path("sum_received").path("seconds").asDouble();
            final JsonNode cpu = end.path("cpu_utilization_percent");
            return new IperfRun(
                    end.path("sum_received").path("bits_per_second").asDouble() / 1e9,
                    took,
                    end.path("sum_sent").path("retransmits").asLong(),
                    cpu.path("host_total").asDouble() / 100 * took,
                    cpu.path("remote_total").asDouble() / 100 * took,
                    machine,
                    used);
        } finally {
            net.end(listening);
        }
    }

    /** Reports what several of them were like. */
    static void record(
            String scenario, Subject subject, Variant variant, List<IperfRun> runs, String command, Recorder recorder) {
        final double gigabytes = runs.stream()
                .mapToDouble(run -> run.gigabitsPerSecond() / 8 * run.seconds())
                .sum();
        final String note = String.format(
                Locale.ROOT,
                "CPU milliseconds per GB: client %.0f, server %.0f, forwarder's process %.0f, whole machine %.0f;"
                        + " %d retransmits",
                perGigabyte(runs.stream().mapToDouble(IperfRun::clientSeconds).sum(), gigabytes),
                perGigabyte(runs.stream().mapToDouble(IperfRun::serverSeconds).sum(), gigabytes),
                perGigabyte(
                        runs.stream().mapToDouble(IperfRun::forwarderSeconds).sum(), gigabytes),
                perGigabyte(runs.stream().mapToDouble(IperfRun::machineSeconds).sum(), gigabytes),
                runs.stream().mapToLong(IperfRun::retransmits).sum());
        recorder.result(Result.of(
                        scenario,
                        variant,
                        subject,
                        Metric.BITRATE,
                        runs.stream().mapToDouble(IperfRun::gigabitsPerSecond).toArray())
                .withCpuSeconds(
                        runs.stream().mapToDouble(IperfRun::machineSeconds).sum())
                .withCommand(command)
                .withNote(note));
        recorder.result(Result.of(
                        scenario,
                        variant,
                        subject,
                        Metric.CORES,
                        runs.stream()
                                .mapToDouble(run -> run.machineSeconds() / run.seconds())
                                .toArray())
                .withCommand(command)
                .withNote("of the whole machine"));
    }

    private static double perGigabyte(double seconds, double gigabytes) {
        return seconds * 1000 / gigabytes;
    }
}
