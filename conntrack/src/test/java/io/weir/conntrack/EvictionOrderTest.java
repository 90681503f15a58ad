package io.weir.conntrack;

import static io.weir.conntrack.SenderThreads.START_NS;
import static io.weir.conntrack.SenderThreads.masquerade;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.conntrack.SenderThreads.Sender;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.pipeline.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a full table of half-open connections evicts: never one that has just begun, whichever thread began it. Its port
 * would be another's while its first packet is on the way.
 */
class EvictionOrderTest {
    private static final int SERVER = 0x01010101;

    private static final ConntrackSpec SPEC = ConntrackSpec.DEFAULT.withCapacity(4096);

    /** The newest that must all be there: an eighth of the table. */
    private static final int NEWEST = 512;

    /** Few threads, as many as have a lane of their own, more, and ever new ones. */
    @ParameterizedTest
    @CsvSource({"1, 100000", "2, 100000", "60, 100000", "90, 100000", "3, 40"})
    void theNewestConnectionsStayWhoeverBeganThem(int threads, int lifeOfAThread) throws Exception {
        try (VersionSlots slots = new VersionSlots(8);
                ConntrackCompiler compiler = SenderThreads.compiler(SPEC, slots);
                Sender sender = new Sender(compiler.compile(SPEC, masquerade()))) {
            final ExecutorService[] workers = new ExecutorService[threads];
            try {
                final List<Integer> ports = new ArrayList<>();
                for (int i = 0; i < 3 * SPEC.capacity(); i++) {
                    final int number = i;
                    final int worker = i % threads;
                    if (workers[worker] != null && i / threads % lifeOfAThread == 0) {
                        workers[worker].close();
                        workers[worker] = null;
                    }
                    if (workers[worker] == null) {
                        workers[worker] = Executors.newSingleThreadExecutor();
                    }
                    ports.add(await(workers[worker].submit(() -> open(sender, number))));
                    if (i % 1024 == 1023) {
                        assertNewestLive(compiler.table(), ports);
                    }
                }
                assertThat(compiler.table().counter(ConntrackCounter.EVICTED)).isGreaterThan(SPEC.capacity());
            } finally {
                for (final ExecutorService worker : workers) {
                    if (worker != null) {
                        worker.close();
                    }
                }
            }
        }
    }

    /** A thread that had begun with some entries long ago looks for others. */
    @Test
    void aThreadThatRestedDoesNotGoOnWhereOthersHaveBeenMeanwhile() throws Exception {
        try (VersionSlots slots = new VersionSlots(8);
                ConntrackCompiler compiler = SenderThreads.compiler(SPEC, slots);
                Sender sender = new Sender(compiler.compile(SPEC, masquerade()));
                ExecutorService seldom = Executors.newSingleThreadExecutor()) {
            final List<Integer> ports = new ArrayList<>();
            for (int i = 0; i < 3 * SPEC.capacity(); i++) {
                // once a lap and a bit, so that it finds its old place just filled
                final int number = i;
                ports.add(
                        i % (SPEC.capacity() + 40) == SPEC.capacity() - 1
                                ? await(seldom.submit(() -> open(sender, number)))
                                : (Integer) open(sender, number));
                if (i > SPEC.capacity()) {
                    final int newest = ports.size() - NEWEST;
                    if (i % (SPEC.capacity() + 40) == SPEC.capacity() - 1) {
                        assertNewestLive(compiler.table(), ports.subList(newest, ports.size()));
                    }
                }
            }
        }
    }

    private static int open(Sender sender, int number) {
        assertThat(sender.send(0x0AF40000 + number, 5000, SERVER, 53, START_NS)).isEqualTo(Verdict.FORWARD);
        return sender.decision.sourcePort();
    }

    private static int await(Future<Integer> port) throws InterruptedException, ExecutionException {
        return port.get();
    }

    private static void assertNewestLive(ConntrackTable table, List<Integer> ports) {
        final List<Integer> newest = ports.subList(Math.max(0, ports.size() - NEWEST), ports.size());
        assertThat(newest).as("ports of the newest connections").doesNotHaveDuplicates();
        final Set<Integer> live = new HashSet<>();
        table.forEach(ConnectionFilter.ALL, START_NS, connection -> live.add(connection.replyDestinationPort()));
        assertThat(live).as("ports of living connections").containsAll(newest);
    }
}
