package io.weir.dataplane.answer;

import static io.weir.dataplane.answer.TestRouter.GATEWAY_MAC;
import static io.weir.dataplane.answer.TestRouter.POD_MAC;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.weir.dataplane.flow.FastPath;
import io.weir.dataplane.flow.FlowCache;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.flow.SlowPath;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.LoopSource;
import io.weir.dataplane.port.NullPort;
import io.weir.dataplane.segmentation.SoftwareOffload;
import io.weir.dataplane.wire.PacketBuilder;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Answers cost no allocation: pings, refusals, ARP, waiting packets and their failure. */
class AnswerAllocationTest {
    private static final int PACKETS = 200_000;

    @Test
    void answersAllocateNothing() {
        final List<byte[]> frames = List.of(
                packet().ethernet(POD_MAC, "ff:ff:ff:ff:ff:ff")
                        .arpRequest(POD_MAC, "10.1.0.2", "169.254.1.1")
                        .build(),
                packet().ethernet(POD_MAC, GATEWAY_MAC)
                        .ipv6("fe80::2", "fe80::1")
                        .ttl(255)
                        .neighbourSolicitation("fe80::1", POD_MAC)
                        .build(),
                to("10.1.0.2", "169.254.1.1").icmpEcho(1, 2).payloadOf(56).build(),
                to("fd01::2", "fe80::1").icmpEcho(1, 2).payloadOf(56).build(),
                to("10.1.0.2", "10.1.0.1").tcp(1, 2).flags("S").build(),
                to("10.1.0.2", "10.66.0.1").udp(1, 2).build(),
                to("10.1.0.2", "10.1.0.3").udp(1, 2).payloadOf(1450).build(),
                to("fd01::2", "fd01::3").udp(1, 2).payloadOf(1400).build(),
                to("10.1.0.2", "192.0.2.77").tcp(1, 2).flags("S").build());
        final long memory = OffHeap.allocate(PathCounters.length(16));
        final PathCounters counters = new PathCounters(memory, 16);
        try (TestRouter router = new TestRouter();
                LoopSource source = new LoopSource("source", frames);
                PacketPool pool = new PacketPool(512, 0);
                FlowCache cache = new FlowCache(1024)) {
            final Snapshot snapshot = router.dataplane.snapshot();
            final Ingress pod = snapshot.ingresses().getFirst();
            assertThat(pod).isNotNull();
            final Transmitter transmitter = new Transmitter(pool, counters, 16, 256);
            transmitter.offload(new SoftwareOffload());
            for (int port = 0; port < 4; port++) {
                transmitter.port(port, new NullPort("null"));
            }
            final RouterResponder responder = new RouterResponder(0, AnswerSettings.DEFAULT, new NeighbourEvents());
            try (SlowPath slowPath = new SlowPath(cache, transmitter, responder, counters)) {
                final FastPath path = new FastPath(cache, transmitter, slowPath, counters, 64);
                final Burst burst = new Burst(64);
                long nowNs = run(source, pool, path, transmitter, responder, burst, pod, snapshot, 0);
                final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                final long id = Thread.currentThread().threadId();
                long least = Long.MAX_VALUE;
                for (int round = 0; round < 5 && least > 0; round++) {
                    final long before = threads.getThreadAllocatedBytes(id);
                    nowNs = run(source, pool, path, transmitter, responder, burst, pod, snapshot, nowNs);
                    least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
                }
                assertThat(least).isZero();
                assertThat(counters.value(PathCounter.ANSWERS_SENT)).isGreaterThan(PACKETS);
                assertThat(counters.value(PathCounter.FRAGMENTS)).isGreaterThan(PACKETS / 10);
            }
        } finally {
            OffHeap.free(memory);
        }
    }

    private static PacketBuilder to(String source, String destination) {
        return packet().ethernet(POD_MAC, GATEWAY_MAC).ip(source, destination);
    }

    private static long run(
            LoopSource source,
            PacketPool pool,
            FastPath path,
            Transmitter transmitter,
            RouterResponder responder,
            Burst burst,
            Ingress ingress,
            Snapshot snapshot,
            long startNs) {
        int count = 0;
        long nowNs = startNs;
        while (count < PACKETS) {
            responder.turn(snapshot, transmitter, (handle, length, notes, port, scope) -> {}, nowNs);
            count += source.receive(burst, pool);
            path.process(burst, ingress, snapshot, nowNs);
            transmitter.flush();
            nowNs += 10_000_000L;
        }
        return nowNs;
    }
}
