package io.weir.dataplane.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.dataplane.pipeline.RuleNote;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of a running weir, read by another process after it was killed, and by a program that has no code of ours. */
class NodeFilesTest {
    private static final DropReasons REASONS = new DropReasons(DataplaneDrop.values());

    /** Reads the file by the drawing in CounterLayout and nothing else. */
    private static final String STRANGER = """
            import struct, sys
            f = open(sys.argv[1], 'rb').read()
            magic, version = struct.unpack_from('=8si', f, 0)
            assert magic == b'WEIRCNTR' and version == 2
            workers, ports = struct.unpack_from('=ii', f, 40)
            labels, length, rows, row, = struct.unpack_from('=qqqi', f, 48)
            base, stride, first, per = struct.unpack_from('=qqii', f, 96)
            at = lambda i: sum(struct.unpack_from('=q', f, base + w * stride + 8 * i)[0] for w in range(workers))
            for line in f[labels:labels + length].decode().splitlines():
                kind, index, label, sentence = line.split('\\t')
                if kind == 'port':
                    for p in range(ports):
                        used, = struct.unpack_from('=i', f, rows + p * row)
                        if used:
                            name = f[rows + p * row + 16:rows + (p + 1) * row].rstrip(b'\\0').decode()
                            print(name, label, at(first + per * p + int(index)))
                elif at(int(index)):
                    print(kind, label, at(int(index)))
            """;

    @TempDir
    private Path directory;

    /** Started by the tests as a process of its own; counts, says so, and waits to be killed. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) throws IOException, InterruptedException {
            final NodeFiles files = NodeFiles.create(Path.of(arguments[0]), "node-a", 2, 8, REASONS, System::nanoTime);
            for (int worker = 0; worker < 2; worker++) {
                final PathCounters counters = new PathCounters(files.counterMemory(worker), 8);
                counters.drop(DataplaneDrop.NO_ROUTE.id(), 3 + worker);
                counters.received(1, 10, 1000);
                counters.sent(2, 5, 600L + worker);
                counters.count(PathCounter.BURSTS, 4);
            }
            final byte[] frame =
                    "a frame that was dropped, and that is longer than the ninety-six bytes which an event keeps"
                            .concat(" of each")
                            .getBytes(StandardCharsets.UTF_8);
            final long memory = OffHeap.allocate(frame.length);
            OffHeap.copy(frame, 0, memory, frame.length);
            files.events(1).dropped(DataplaneDrop.NO_ROUTE.id(), 1, memory, frame.length, null, System.nanoTime());
            files.errors().onError(new IllegalStateException("made up for a test"));
            files.refresh(
                    Arrays.asList(null, ingress(1, "default/client"), ingress(2, "uplink")),
                    Map.of("conntrack/connections", 7L));
            System.out.println("ready");
            Thread.sleep(600_000);
        }

        private static Ingress ingress(int id, String name) {
            return new Ingress(id, name, Ingress.Role.POD, MacAddress.parse("02:00:00:00:00:01"), null, 1500);
        }
    }

    private Path killedWriter() {
        try (JavaProcess writer = JavaProcess.start(JavaProcess.command(
                List.of(), Writer.class, directory.resolve("node-a").toString()))) {
            writer.await("ready");
            assertThat(writer.kill()).isEqualTo(137); // SIGKILL
        }
        return directory.resolve("node-a");
    }

    @Test
    void whatAKilledWeirCountedIsThere() throws Exception {
        final Path files = killedWriter();
        try (CounterView view = CounterView.open(files.resolve(NodeFiles.COUNTERS));
                EventView events = EventView.open(files.resolve(NodeFiles.EVENTS))) {
            final CounterSnapshot counters = view.snapshot();
            assertThat(counters.node()).isEqualTo("node-a");
            assertThat(counters.workerCount()).isEqualTo(2);
            assertThat(counters.totalDrops()).isEqualTo(7);
            assertThat(counters.total(PathCounter.BURSTS)).isEqualTo(8);
            assertThat(counters.ports()).extracting(CountedPort::name).containsExactly("default/client", "uplink");
            final CountedPort client = counters.ports().get(0);
            final CountedPort uplink = counters.ports().get(1);
            assertThat(counters.port(client, PortNumber.RECEIVED_BYTES)).isEqualTo(2000);
            assertThat(counters.port(1, uplink, PortNumber.SENT_BYTES)).isEqualTo(601);
            assertThat(counters.values()).isEqualTo(Map.of("conntrack/connections", 7L));
            assertThat(events.events()).singleElement().satisfies(event -> {
                assertThat(event.kind()).isEqualTo(EventKind.DROPPED);
                assertThat(event.worker()).isEqualTo(1);
                assertThat(event.port()).isEqualTo(1);
                assertThat(event.length()).isGreaterThan(96);
                assertThat(event.bytes()).hasSize(96);
                assertThat(new String(event.bytes(), StandardCharsets.UTF_8)).startsWith("a frame that was dropped");
                assertThat(counters.reason(event.reasonId()))
                        .isNotNull()
                        .extracting(CounterLabel::label)
                        .isEqualTo("no-route");
                assertThat(event.timeNs()).isBetween(counters.startedNs() - 1_000_000_000L, counters.takenNs());
            });
            assertThat(ErrorView.read(files.resolve(NodeFiles.ERRORS)))
                    .singleElement()
                    .satisfies(error -> assertThat(error.text()).contains("made up for a test"));
            assertThat(PrometheusText.of(counters))
                    .contains("# TYPE weir_dropped_packets_total counter")
                    .contains("weir_dropped_packets_total{reason=\"no-route\",worker=\"1\"} 4\n")
                    .contains(
                            "weir_port_received_packets_total{port=\"default/client\",role=\"pod\",worker=\"0\"} 10\n")
                    .contains("weir_bursts_total{worker=\"0\"} 4\n")
                    .contains("weir_conntrack_connections 7\n");
        }
    }

    @Test
    void aReaderNeedsNoCodeOfOurs() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "no python3 here");
        final Process stranger = new ProcessBuilder(
                        "/usr/bin/python3",
                        "-c",
                        STRANGER,
                        killedWriter().resolve(NodeFiles.COUNTERS).toString())
                .redirectErrorStream(true)
                .start();
        final String said = new String(stranger.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(stranger.waitFor()).as(said).isZero();
        assertThat(said.lines())
                .contains("drop no-route 7", "counter bursts 8", "default/client received-packets 20")
                .contains("uplink sent-bytes 1201");
    }

    @Test
    void theFilesAreTheOwnersOnlyAndAreRemovedAtTheEnd() throws IOException {
        final Path files = directory.resolve("n");
        try (NodeFiles node = NodeFiles.create(files, "n", 1, 4, REASONS, System::nanoTime)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files)))
                    .isEqualTo("rwx------");
            final List<Path> made = List.of(
                    files.resolve(NodeFiles.COUNTERS),
                    files.resolve(NodeFiles.EVENTS),
                    files.resolve(NodeFiles.ERRORS));
            assertThat(node.directory()).isEqualTo(files);
            assertThat(made)
                    .allSatisfy(file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .isEqualTo("rw-------"));
        }
        assertThat(files).isEmptyDirectory();
    }

    @Test
    void aNewWeirReplacesTheFilesUnderOldReaders() throws IOException {
        final Path files = directory.resolve("n");
        final NodeFiles first = NodeFiles.create(files, "n", 1, 4, REASONS, System::nanoTime);
        new PathCounters(first.counterMemory(0), 4).drop(DataplaneDrop.NO_ROUTE.id());
        try (CounterView old = CounterView.open(files.resolve(NodeFiles.COUNTERS));
                NodeFiles second = NodeFiles.create(files, "n", 2, 4, REASONS, System::nanoTime);
                CounterView now = CounterView.open(second.directory().resolve(NodeFiles.COUNTERS))) {
            assertThat(old.snapshot().totalDrops()).isEqualTo(1);
            assertThat(now.snapshot().totalDrops()).isZero();
            assertThat(now.snapshot().workerCount()).isEqualTo(2);
        }
    }

    @Test
    void whatIsNoCountersFileIsRefused() throws IOException {
        final Path file = directory.resolve("counters");
        Files.write(file, new byte[10]);
        assertThatThrownBy(() -> CounterView.open(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no counters");
        Files.write(file, new byte[100_000]);
        assertThatThrownBy(() -> CounterView.open(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no counters");
        try (NodeFiles node = NodeFiles.create(directory, "n", 1, 4, REASONS, System::nanoTime)) {
            final byte[] whole = Files.readAllBytes(node.directory().resolve(NodeFiles.COUNTERS));
            final Path cut = directory.resolve("cut");
            Files.write(cut, Arrays.copyOf(whole, whole.length - 4096));
            assertThatThrownBy(() -> CounterView.open(cut))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cut off");
        }
    }

    @Test
    void aFloodOfOneReasonLeavesTheOthersVisibleAndIsCounted() throws IOException {
        final long frame = OffHeap.allocate(64);
        try (NodeFiles node = NodeFiles.create(directory.resolve("n"), "n", 1, 4, REASONS, () -> 0);
                EventView view = EventView.open(directory.resolve("n").resolve(NodeFiles.EVENTS))) {
            for (int i = 0; i < 100_000; i++) {
                node.events(0).dropped(DataplaneDrop.NO_ROUTE.id(), 1, frame, 64, null, 5);
            }
            node.events(0).dropped(DataplaneDrop.TTL_EXCEEDED.id(), 1, frame, 64, null, 6);
            node.events(0).newFlow(2, frame, 64, new Decision(), 7);
            assertThat(view.events()).hasSize(10);
            assertThat(view.events().getLast().kind()).isEqualTo(EventKind.NEW_FLOW);
            assertThat(view.leftOut()).isEqualTo(100_000 - 8);
            // a long quiet attack: the ring keeps the newest
            for (int i = 0; i < 5_000; i++) {
                node.events(0).dropped(DataplaneDrop.NO_ROUTE.id(), i, frame, 64, null, (long) i << 28);
            }
            assertThat(view.events())
                    .hasSize(1024)
                    .last()
                    .satisfies(event -> assertThat(event.port()).isEqualTo(4_999));
        } finally {
            OffHeap.free(frame);
        }
    }

    @Test
    void theRulesThatDecidedAreTakenDownAndCutOffWhenTooLong() throws IOException {
        final long frame = OffHeap.allocate(64);
        try (NodeFiles node = NodeFiles.create(directory.resolve("n"), "n", 1, 4, REASONS, () -> 0);
                EventView view = EventView.open(directory.resolve("n").resolve(NodeFiles.EVENTS))) {
            final Decision decided = new Decision();
            final RuleNote first = new RuleNote("allowed by NetworkPolicy a/b egress[0]");
            decided.decidedBy(first);
            node.events(0).newFlow(2, frame, 64, decided, 1);
            decided.decidedBy(new RuleNote("denied by " + "x".repeat(200)));
            node.events(0).dropped(DataplaneDrop.NO_ROUTE.id(), 1, frame, 64, decided, 2);
            node.events(0).dropped(DataplaneDrop.NO_ROUTE.id(), 1, frame, 64, null, 3);
            final Decision both = new Decision();
            both.decidedBy(first);
            both.decidedBy(new RuleNote("denied by y"));
            node.events(0).dropped(DataplaneDrop.NO_ROUTE.id(), 1, frame, 64, both, 4);
            node.events(0).newFlow(1, frame, 64, both, 5);
            assertThat(view.events().get(3).rule()).isEqualTo("denied by y; " + first);
            assertThat(view.events().get(4).rule()).isEqualTo(first + "; denied by y");
            assertThat(view.events().get(0).rule()).isEqualTo(first.toString());
            assertThat(view.events().get(1).rule()).startsWith("denied by xxx").hasSize(EventLayout.MAX_RULE);
            assertThat(view.events().get(2).rule()).isEmpty();
            assertThat(first.decisions()).isEqualTo(2);
        } finally {
            OffHeap.free(frame);
        }
    }

    @Test
    void takingDownAllocatesNothing() throws IOException {
        final long frame = OffHeap.allocate(64);
        try (NodeFiles node = NodeFiles.create(directory.resolve("n"), "n", 1, 4, REASONS, () -> 0)) {
            final PacketEvents events = node.events(0);
            final Decision decided = new Decision();
            decided.decidedBy(new RuleNote("allowed by NetworkPolicy a/b egress[0]"));
            decided.decidedBy(new RuleNote("denied by NetworkPolicy c/d ingress[1]"));
            final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            final long id = Thread.currentThread().threadId();
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 5 && least > 0; round++) {
                final long before = threads.getThreadAllocatedBytes(id);
                for (int i = 0; i < 200_000; i++) {
                    events.dropped(i % 40, 1, frame, 64, decided, (long) i << 20);
                    events.newFlow(1, frame, 64, decided, (long) i << 20);
                }
                least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
            }
            assertThat(least).isZero();
        } finally {
            OffHeap.free(frame);
        }
    }

    @Test
    void theLayoutIsAsDrawn() {
        final CounterLayout layout = new CounterLayout(3, 1024, 5_001);
        assertThat(layout.labels).isEqualTo(512);
        assertThat(layout.portRows)
                .isGreaterThanOrEqualTo(layout.labels + 5_001)
                .isLessThan(layout.labels + 5_001 + 128);
        assertThat(layout.portRows % 128).isZero();
        assertThat(layout.valueRows).isEqualTo(layout.portRows + 1024 * 128);
        assertThat(layout.worker % 4096).isZero();
        assertThat(layout.workerStride % 4096).isZero();
        assertThat(layout.workerStride).isGreaterThanOrEqualTo(PathCounters.length(1024));
        assertThat(layout.length()).isEqualTo(layout.worker + 3 * layout.workerStride);
        assertThat(CounterLayout.NODE_NAME_AT + CounterLayout.NODE_NAME_LENGTH).isEqualTo(CounterLayout.HEADER_LENGTH);
        assertThat(CounterLayout.ROW_NAME + CounterLayout.NAME_LENGTH).isEqualTo(CounterLayout.ROW_LENGTH);
        assertThat(EventLayout.RULE + EventLayout.MAX_RULE).isEqualTo(EventLayout.RECORD_LENGTH);
        assertThat(Integer.bitCount(EventLayout.RECORDS)).isEqualTo(1);
        assertThat(PathCounters.portIndex(0) * 8L + PathCounters.PORT_STRIDE * 8L * 1024)
                .isEqualTo(PathCounters.length(1024));
        assertThat(PortNumber.values()).hasSize(PathCounters.PORT_STRIDE);
    }

    @Test
    void portsComeAndGo() throws IOException {
        try (NodeFiles node = NodeFiles.create(directory.resolve("n"), "n", 1, 4, REASONS, System::nanoTime);
                CounterView view = CounterView.open(directory.resolve("n").resolve(NodeFiles.COUNTERS))) {
            node.refresh(List.of(Writer.ingress(0, "a"), Writer.ingress(1, "ä".repeat(200))), Map.of());
            assertThat(view.snapshot().ports())
                    .extracting(CountedPort::name)
                    .hasSize(2)
                    .contains("a");
            assertThat(view.snapshot().ports().get(1).name()).isEqualTo("ä".repeat(56));
            node.refresh(Arrays.asList(null, Writer.ingress(1, "b")), Map.of());
            assertThat(view.snapshot().ports()).singleElement().satisfies(port -> {
                assertThat(port.id()).isEqualTo(1);
                assertThat(port.name()).isEqualTo("b");
            });
            assertThat(view.snapshot().isRunning()).isTrue();
        }
    }
}
