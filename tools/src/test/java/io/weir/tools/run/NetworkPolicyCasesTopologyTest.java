package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.agrona.CloseHelper;
import org.junit.jupiter.api.Test;

/**
 * Kubernetes' own network policy cases with real sockets: the pods are namespaces on one node that runs, every pod listens,
 * and every pod tries every other. With {@code -Dweir.heavy=true} all cases of TCP and UDP, else eleven.
 */
@TopologyTest
class NetworkPolicyCasesTopologyTest {
    private static final List<String> CHOSEN =
            List.of("02-", "10-", "14-", "19-", "20-", "21-", "22-", "27-", "35-", "43-", "44-");

    /** Retransmissions come after a second; who is let in answers long before. */
    private static final long DENIED_NS = 200_000_000L;

    private static final long PATIENCE_NS = 10_000_000_000L;

    private final Map<String, NetworkNamespace> pods = new TreeMap<>();
    private final List<AutoCloseable> listeners = new ArrayList<>();
    private final List<ServerSocketChannel> servers = new ArrayList<>();
    private final List<DatagramChannel> echoes = new ArrayList<>();

    @Test
    void podsReachWhomTheCasesSay() throws IOException {
        final String conformance = System.getProperty("weir.conformance", "");
        assumeThat(conformance).as("weir.conformance is set").isNotEmpty();
        final List<Path> steps;
        try (Stream<Path> tree = Files.walk(Path.of(conformance, "k8s-e2e-netpol", "cases"))) {
            steps = tree.filter(path -> path.endsWith("expected.json") && isChosen(path))
                    .sorted()
                    .toList();
        }
        assertThat(steps).hasSizeGreaterThan(10);
        try (NodeRig rig = new NodeRig(NodeRig.NODE.replace("10.244.1.0/24", "10.244.0.0/16"))) {
            rig.start();
            int probes = 0;
            final List<String> wrong = new ArrayList<>();
            for (final Path step : steps) {
                final int applied = rig.loop().applied();
                rig.write("case.yaml", manifests(rig, step.resolveSibling("manifests")));
                NodeRig.await(step.toString(), () -> rig.loop().applied() > applied);
                probes += score(Json.MAPPER.readTree(step.toFile()), wrong);
            }
            assertThat(wrong)
                    .as("of %d probes in %d steps", probes, steps.size())
                    .isEmpty();
            assertThat(probes).isGreaterThan(100);
        } finally {
            CloseHelper.closeAll(listeners);
        }
    }

    private static boolean isChosen(Path file) {
        final String one = file.getName(file.getNameCount() - 3).toString();
        return Boolean.getBoolean("weir.heavy")
                ? !one.contains("-sctp-should")
                : CHOSEN.stream().anyMatch(one::startsWith);
    }

    /** The case's objects, its pods on this node in namespaces of their own. */
    private String manifests(NodeRig rig, Path directory) throws IOException {
        final StringBuilder text = new StringBuilder();
        for (final String file : List.of("namespaces.yaml", "networkpolicies.yaml")) {
            final Path path = directory.resolve(file);
            text.append(Files.exists(path) ? Files.readString(path) : "").append("\n---\n");
        }
        for (final Pod pod : ConfigDirectory.load(directory).cluster().pods().values()) {
            final String name =
                    pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
            final String label = name.replace('/', '-');
            if (!pods.containsKey(name)) {
                rig.net.namespace(label);
                pods.put(name, rig.namespace(label));
                listen(rig.namespace(label));
            }
            text.append(Serialization.asYaml(new PodBuilder(pod)
                            .editMetadata()
                            .addToAnnotations("weir.io/netns", rig.net.name(label))
                            .endMetadata()
                            .editSpec()
                            .withNodeName("node-1")
                            .endSpec()
                            .build()))
                    .append("\n");
        }
        return text.toString();
    }

    private void listen(NetworkNamespace namespace) {
        for (final int port : new int[] {80, 81}) {
            final ServerSocketChannel server =
                    namespace.call(() -> ServerSocketChannel.open().bind(new InetSocketAddress(port), 64));
            servers.add(server);
            listeners.add(server);
            final DatagramChannel echo =
                    namespace.call(() -> DatagramChannel.open().bind(new InetSocketAddress(port)));
            echoes.add(echo);
            listeners.add(echo);
        }
    }

    /** One pod tries another. */
    private sealed interface Attempt extends AutoCloseable permits TcpAttempt, UdpAttempt {
        boolean isThrough() throws IOException;

        @Override
        void close() throws IOException;
    }

    private record TcpAttempt(SocketChannel channel) implements Attempt {
        static TcpAttempt to(InetSocketAddress destination) throws IOException {
            final SocketChannel channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.connect(destination);
            return new TcpAttempt(channel);
        }

        @Override
        public boolean isThrough() throws IOException {
            return channel.finishConnect();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private record UdpAttempt(DatagramChannel channel) implements Attempt {
        static UdpAttempt to(InetSocketAddress destination) throws IOException {
            final DatagramChannel channel = DatagramChannel.open();
            channel.configureBlocking(false);
            channel.connect(destination);
            channel.write(ByteBuffer.allocate(4));
            return new UdpAttempt(channel);
        }

        @Override
        public boolean isThrough() throws IOException {
            return channel.read(ByteBuffer.allocate(4)) > 0;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private record Question(String text, boolean allowed, Attempt attempt) {}

    private int score(JsonNode expected, List<String> wrong) throws IOException {
        final List<Question> open = new ArrayList<>();
        for (final JsonNode probe : expected.get("probes")) {
            final JsonNode names = probe.get("pods");
            for (int i = 0; i < names.size(); i++) {
                for (int j = 0; j < names.size(); j++) {
                    if (i != j) {
                        final boolean allowed =
                                probe.get("matrix").get(i).asText().charAt(j) == '.';
                        open.add(ask(
                                expected,
                                probe,
                                names.get(i).asText(),
                                names.get(j).asText(),
                                allowed));
                    }
                }
            }
        }
        final int count = open.size();
        final long begin = System.nanoTime();
        while ((open.stream().anyMatch(Question::allowed) && System.nanoTime() - begin < PATIENCE_NS)
                || System.nanoTime() - begin < DENIED_NS) {
            serve();
            settle(open, wrong);
            LockSupport.parkNanos(1_000_000);
        }
        for (final Question question : open) {
            question.attempt.close();
            if (question.allowed) {
                wrong.add(question.text + " did not get through");
            }
        }
        return count;
    }

    private Question ask(JsonNode expected, JsonNode probe, String from, String to, boolean allowed) {
        final InetSocketAddress destination = new InetSocketAddress(
                IpAddress.parse(expected.get("pod_ips").get(to).asText()).toInetAddress(),
                probe.get("port").asInt());
        final NetworkNamespace namespace = Objects.requireNonNull(pods.get(from), from);
        final Attempt attempt = probe.get("protocol").asText().equals("TCP")
                ? namespace.call(() -> TcpAttempt.to(destination))
                : namespace.call(() -> UdpAttempt.to(destination));
        final String text = expected.get("case").asText() + ": " + from + " -> " + to + " " + probe.get("protocol")
                + " " + destination;
        return new Question(text, allowed, attempt);
    }

    private void serve() throws IOException {
        for (final ServerSocketChannel server : servers) {
            server.configureBlocking(false);
            for (SocketChannel accepted = server.accept(); accepted != null; accepted = server.accept()) {
                accepted.close();
            }
        }
        final ByteBuffer buffer = ByteBuffer.allocate(64);
        for (final DatagramChannel channel : echoes) {
            channel.configureBlocking(false);
            buffer.clear();
            for (SocketAddress from = channel.receive(buffer); from != null; from = channel.receive(buffer)) {
                channel.send(buffer.flip(), from);
                buffer.clear();
            }
        }
    }

    private static void settle(List<Question> open, List<String> wrong) throws IOException {
        for (final Question question : List.copyOf(open)) {
            if (question.attempt.isThrough()) {
                question.attempt.close();
                open.remove(question);
                if (!question.allowed) {
                    wrong.add(question.text + " got through");
                }
            }
        }
    }
}
