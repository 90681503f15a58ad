package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A worker that has nothing to do sleeps, and a packet wakes it. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdleWorkerTopologyTest {
    private static final Pattern TIME = Pattern.compile("time=([0-9.]+) ms");
    private static final int PINGS = 21;

    private static final String UPLINKS = """
            ports:
              uplinks:
              - {name: packet, device: up0, addresses: [192.168.7.1/24]}
              - {name: xdp, device: up1, kind: af-xdp, addresses: [192.168.8.1/24]}
            """;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private NodeRig rig;
    private long worker;

    @BeforeAll
    void start() throws IOException {
        rig = new NodeRig(NodeRig.NODE + UPLINKS).pod("client", 10).pod("server", 11);
        host("packet", "up0", 7);
        host("xdp", "up1", 8);
        rig.start();
        worker = Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(thread -> thread != null && thread.getThreadName().equals("weir-worker-0"))
                .mapToLong(ThreadInfo::getThreadId)
                .max()
                .orElseThrow();
    }

    private void host(String label, String device, int network) {
        rig.net.namespace(label);
        rig.net.veth("node", device, label, "eth0");
        rig.net.run(label, "ip", "address", "add", "192.168.%d.2/24".formatted(network), "dev", "eth0");
        rig.net.run(label, "ip", "route", "add", "default", "via", "192.168.%d.1".formatted(network));
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    private double[] pings(String from) {
        final String text =
                rig.net.run(from, "ping", "-c", Integer.toString(PINGS), "-i", "0.04", "-W", "5", "10.244.1.11");
        final double[] times = TIME.matcher(text)
                .results()
                .mapToDouble(match -> Double.parseDouble(match.group(1)))
                .sorted()
                .toArray();
        // it waits for the last answer no longer than twice the others took
        assertThat(times).as(text).hasSizeBetween(PINGS - 1, PINGS);
        return times;
    }

    @ParameterizedTest
    @ValueSource(strings = {"client", "packet", "xdp"})
    void aPacketWakesTheWorker(String from) {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        // a worker that only looked around every 16 ms would take 8 in the middle
        assertThat(pings(from)[PINGS / 2]).as("median of round trips in ms").isLessThan(4);
    }

    @Test
    void anIdleWorkerUsesHardlyAnyProcessor() throws InterruptedException {
        Thread.sleep(500);
        final long cpuNs = threads.getThreadCpuTime(worker);
        Thread.sleep(1000);
        assertThat(Duration.ofNanos(threads.getThreadCpuTime(worker) - cpuNs)).isLessThan(Duration.ofMillis(25));
    }
}
