package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.offload.Offloader;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.observe.CapturingPort;
import io.weir.dataplane.observe.PacketFilter;
import io.weir.dataplane.worker.Dataplane;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * {@code capture}: a line {@code {"ready":true}}, then one for each frame at the {@code port} that the {@code filter} wants, as it came
 * or as it was sent, until the client hangs up; {@code {"lost":N}} in between. {@code direction} is {@code in}, {@code out} or both when
 * it is missing; {@code snapLength} cuts frames off. Meanwhile the kernel carries no connection of the port past the workers.
 */
final class CaptureRequest implements ApiRequest {
    private static final int LONGEST = 262_144;

    private final Dataplane dataplane;
    private final Offloader offloader;
    private final ControlQueue control;

    CaptureRequest(NodeDataplane node, ControlQueue control) {
        dataplane = node.dataplane();
        offloader = node.offloader();
        this.control = control;
    }

    /**
     * A frame that passed.
     *
     * @param timeNs ns since 1970
     * @param sent   by weir; otherwise it came
     * @param length of the frame, of which the bytes may be the first ones
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Frame(long timeNs, int worker, boolean sent, int length, byte[] bytes) {}

    private record WorkerTap(
            int worker, PacketFilter filter, boolean in, boolean out, int snapLength, ObservedQueue<Frame> queue)
            implements CapturingPort.Tap {
        @Override
        public void packet(boolean sent, long address, int length) {
            if ((sent ? out : in) && filter.matches(address, length)) {
                final byte[] bytes = new byte[Math.min(length, snapLength)];
                OffHeap.copy(address, bytes, 0, bytes.length);
                final Instant now = Instant.now();
                queue.offer(
                        new Frame(now.getEpochSecond() * 1_000_000_000L + now.getNano(), worker, sent, length, bytes));
            }
        }
    }

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        final int port = port(question.path("port").asText());
        final String direction = question.path("direction").asText("both");
        final ObservedQueue<Frame> queue = new ObservedQueue<>(Frame::bytes);
        final List<WorkerTap> taps = new ArrayList<>();
        for (int worker = 0; worker < dataplane.workers().size(); worker++) {
            taps.add(new WorkerTap(
                    worker,
                    FilterReader.of(question),
                    !direction.equals("out"),
                    !direction.equals("in"),
                    Math.clamp(question.path("snapLength").asInt(LONGEST), 1, LONGEST),
                    queue));
        }
        final CountDownLatch taken = new CountDownLatch(taps.size());
        control.run(() -> {
            offloader.suspend(port, System.nanoTime());
            taps.forEach(tap -> {
                dataplane.proxies().get(tap.worker()).wrapPort(port, inner -> new CapturingPort(inner, tap));
                dataplane.proxies().get(tap.worker()).run(taken::countDown);
            });
        });
        try {
            TraceHub.await(taken);
            answer.line(Map.of("ready", true));
            queue.pump(answer, CaptureRequest::tree);
        } finally {
            control.run(() -> {
                taps.forEach(tap -> dataplane
                        .proxies()
                        .get(tap.worker())
                        .wrapPort(port, inner -> CapturingPort.without(tap, inner)));
                offloader.resume(port);
            });
        }
    }

    private int port(String name) throws ApiException {
        final List<@Nullable Ingress> ports = control.call(dataplane::ingresses);
        final List<String> known = new ArrayList<>();
        for (final Ingress port : ports) {
            if (port != null) {
                if (port.name().equals(name)) {
                    return port.port();
                }
                known.add(port.name());
            }
        }
        throw new ApiException("there is no port '" + name + "'; there are " + String.join(", ", known));
    }

    private static Map<String, @Nullable Object> tree(Frame frame) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("timeNs", frame.timeNs());
        tree.put("worker", frame.worker());
        tree.put("direction", frame.sent() ? "out" : "in");
        tree.put("length", frame.length());
        tree.put("bytes", frame.bytes());
        return tree;
    }
}
