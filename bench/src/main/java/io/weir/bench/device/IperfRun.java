package io.weir.bench.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;

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
        final Process listening = net.start(server, "", "iperf3", "-s", "-1", "--forceflush");
        try {
            // it says so when it listens
            if (listening.getInputStream().read() < 0) {
                throw new IOException("iperf3 -s ended");
            }
            Thread.sleep(100);
            final double machineBefore = ProcessorTime.busySeconds();
            final double before = forwarder.seconds();
            final String json =
                    net.run(client, "iperf3", "-c", address, "-J", "-t", Integer.toString((int) Math.ceil(seconds)));
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
}
