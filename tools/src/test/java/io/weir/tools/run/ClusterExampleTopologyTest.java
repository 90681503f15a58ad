package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.tools.Weir;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example of a cluster: two agents on one directory, each with a node of its own. */
@TopologyTest
@Timeout(120)
class ClusterExampleTopologyTest {
    private static final Path EXAMPLE = Path.of("../examples/cluster");
    private static final String SERVICE = "10.96.0.10";

    @TempDir
    private Path directory;

    private final TopologyNamespaces net = TopologyNamespaces.create();
    private final List<ServerSocket> servers = new ArrayList<>();

    @AfterEach
    void end() throws IOException {
        for (final ServerSocket server : servers) {
            server.close();
        }
        net.close();
    }

    /** The example as it is, but with the names of this test's namespaces. */
    private Path copy() throws IOException {
        final Path config = Files.createDirectory(directory.resolve("config"));
        try (Stream<Path> files = Files.list(EXAMPLE)) {
            for (final Path file : files.toList()) {
                String text = Files.readString(file);
                for (final String pod : List.of("client", "web-1", "web-2", "db")) {
                    text = text.replace("weir.io/netns: weir-" + pod + "}", "weir.io/netns: " + net.name(pod) + "}");
                }
                Files.writeString(config.resolve(file.getFileName()), text);
            }
        }
        return config;
    }

    private JavaProcess agent(Path config, int node) {
        return JavaProcess.start(
                net,
                "node-" + node,
                JavaProcess.command(
                        List.of(),
                        Weir.class,
                        "agent",
                        "--config",
                        config.toString(),
                        "--node",
                        "node-" + node,
                        "--set",
                        "ports.uplinks[0].addresses[0]=192.168.0." + node + "/24",
                        "--run-dir",
                        directory.resolve("run").toString()));
    }

    /** Says its name to whoever connects. */
    private void serve(String pod, int port) throws IOException {
        try (NetworkNamespace namespace = NetworkNamespace.named(net.name(pod))) {
            final ServerSocket server = namespace.call(() -> new ServerSocket(port));
            servers.add(server);
            Thread.ofVirtual().start(() -> {
                while (!server.isClosed()) {
                    try (Socket client = server.accept()) {
                        client.getOutputStream().write(pod.getBytes(StandardCharsets.UTF_8));
                    } catch (final IOException e) {
                        return;
                    }
                }
            });
        }
    }

    /** Who answers; empty when nobody does. */
    private String ask(String from, String address, int port) throws IOException {
        try (NetworkNamespace namespace = NetworkNamespace.named(net.name(from));
                Socket socket = namespace.call(() -> {
                    final Socket open = new Socket();
                    open.connect(new InetSocketAddress(address, port), 3_000);
                    return open;
                })) {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (final CompletionException e) {
            assertThat(e.getCause()).isInstanceOfAny(ConnectException.class, SocketTimeoutException.class);
            return "";
        }
    }

    @Test
    void bothNodesServeTheirPodsByOneDirectory() throws Exception {
        List.of("node-1", "node-2", "switch", "client", "web-1", "web-2", "db").forEach(net::namespace);
        net.run("switch", "ip", "link", "add", "br0", "type", "bridge");
        net.run("switch", "ip", "link", "set", "br0", "up");
        net.run("switch", "ip", "address", "add", "192.168.0.254/24", "dev", "br0");
        for (int node = 1; node <= 2; node++) {
            net.veth("node-" + node, "up0", "switch", "to-" + node);
            net.run("switch", "ip", "link", "set", "to-" + node, "master", "br0");
        }
        final Path config = copy();
        List.of(agent(config, 1), agent(config, 2)).forEach(agent -> agent.await("weir runs"));
        serve("web-1", 8080);
        serve("web-2", 8080);
        serve("db", 5432);
        final TreeSet<String> answered = new TreeSet<>();
        for (int i = 0; i < 40 && answered.size() < 2; i++) {
            answered.add(ask("client", SERVICE, 80));
        }
        assertThat(answered).containsExactly("web-1", "web-2");
        assertThat(ask("switch", "192.168.0.2", 30080))
                .as("the NodePort, from outside")
                .startsWith("web-");
        assertThat(ask("web-1", "10.244.2.12", 5432)).isEqualTo("db");
        assertThat(ask("client", "10.244.2.12", 5432)).as("the policy").isEmpty();
    }
}
