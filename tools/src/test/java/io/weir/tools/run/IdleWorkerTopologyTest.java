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

/** A worker that has nothing to do sleeps, and a packet wakes it. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdleWorkerTopologyTest {
    private static final Pattern TIME = Pattern.compile("time=([0-9.]+) ms");
    private static final int PINGS = 21;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private NodeRig rig;
    private long worker;

    @BeforeAll
    void start() throws IOException {
        rig = new NodeRig(NodeRig.NODE).pod("client", 10).pod("server", 11).start();
        worker = Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(thread -> thread != null && thread.getThreadName().equals("weir-worker-0"))
                .mapToLong(ThreadInfo::getThreadId)
                .max()
                .orElseThrow();
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    private double[] pings() {
        final String text =
                rig.net.run("client", "ping", "-c", Integer.toString(PINGS), "-i", "0.04", "-W", "5", "10.244.1.11");
        final double[] times = TIME.matcher(text)
                .results()
                .mapToDouble(match -> Double.parseDouble(match.group(1)))
                .sorted()
                .toArray();
        // it waits for the last answer no longer than twice the others took
        assertThat(times).as(text).hasSizeBetween(PINGS - 1, PINGS);
        return times;
    }

    @Test
    void anIdleWorkerUsesHardlyAnyProcessorAndAPacketWakesIt() throws InterruptedException {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        pings();
        Thread.sleep(500);
        final long cpuNs = threads.getThreadCpuTime(worker);
        Thread.sleep(1000);
        assertThat(Duration.ofNanos(threads.getThreadCpuTime(worker) - cpuNs)).isLessThan(Duration.ofMillis(25));
        // a worker that only looked around every 16 ms would take 8 in the middle
        assertThat(pings()[PINGS / 2]).as("median of round trips in ms").isLessThan(4);
    }
}
