package io.weir.agent.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The listeners of health-check node ports, in a namespace of their own. */
@TopologyTest
class HealthCheckServerTopologyTest {
    private static final IpAddress IPV4 = IpAddress.parse("192.0.2.7");
    private static final IpAddress IPV6 = IpAddress.parse("2001:db8::7");
    private static final List<IpAddress> BOTH = List.of(IPV4, IPV6);

    private final AtomicBoolean isHealthy = new AtomicBoolean(true);
    private TopologyNamespaces net;
    private NetworkNamespace namespace;
    private HealthCheckServer server;

    @BeforeEach
    void start() {
        net = TopologyNamespaces.create();
        namespace = NetworkNamespace.named(net.namespace("node"));
        net.run("node", "ip", "address", "add", "192.0.2.7/32", "dev", "lo");
        net.run("node", "ip", "address", "add", "2001:db8::7/128", "dev", "lo");
        server = new HealthCheckServer(namespace, isHealthy::get);
    }

    @AfterEach
    void stop() {
        server.close();
        namespace.close();
        net.close();
    }

    private static List<HealthCheckNodePort> web(int localEndpoints) {
        return List.of(
                new HealthCheckNodePort("default", "web", false, 32001, localEndpoints),
                new HealthCheckNodePort("default", "web", true, 32001, localEndpoints));
    }

    private String ask(IpAddress address, String request) throws IOException {
        try (Socket socket = namespace.call(() -> new Socket(address.toInetAddress(), 32001))) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private String ask(IpAddress address) throws IOException {
        return ask(address, "GET /any HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }

    @Test
    void theAnswerFollowsTheLocalEndpointsAndTheNodesHealth() throws IOException {
        server.serve(web(3), BOTH);
        for (final IpAddress address : BOTH) {
            assertThat(ask(address))
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .contains("X-Load-Balancing-Endpoint-Weight: 3\r\n");
        }
        server.serve(web(0), BOTH);
        assertThat(ask(IPV4))
                .startsWith("HTTP/1.1 503 Service Unavailable\r\n")
                .contains(
                        "X-Load-Balancing-Endpoint-Weight: 0\r\n",
                        "\r\n{\n\t\"service\": {\n",
                        "\t\"localEndpoints\": 0,\n");
        server.serve(web(1), BOTH);
        isHealthy.set(false);
        assertThat(ask(IPV6)).startsWith("HTTP/1.1 503 ").contains("\t\"serviceProxyHealthy\": false\n}");
    }

    @Test
    void oneConnectionServesManyRequestsAndGarbageEndsIt() throws IOException {
        server.serve(web(1), BOTH);
        final String get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        final String answers =
                ask(IPV4, get + "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get + "\u0001\u0002 garbage\r\n\r\n");
        assertThat(answers.split("HTTP/1.1 200 OK", -1)).hasSize(4);
        assertThat(answers.split("localEndpoints", -1)).hasSize(3);
        assertThat(answers).contains("HTTP/1.1 400 Bad Request");
    }

    @Test
    void itListensWhereItShouldAndNowhereElse() {
        assertThat(server.listening()).isEmpty();
        server.serve(web(1), List.of(IPV4));
        assertThat(server.listening()).hasSize(1);
        assertThatThrownBy(() -> ask(IPV6)).hasRootCauseInstanceOf(ConnectException.class);
        server.serve(List.of(), BOTH);
        assertThat(server.listening()).isEmpty();
        assertThatThrownBy(() -> ask(IPV4)).hasRootCauseInstanceOf(ConnectException.class);
    }

    @Test
    void anAddressThatComesLaterIsListenedAtThen() throws IOException {
        final IpAddress late = IpAddress.parse("192.0.2.8");
        server.serve(web(1), List.of(IPV4, late));
        assertThat(server.listening()).hasSize(1);
        net.run("node", "ip", "address", "add", "192.0.2.8/32", "dev", "lo");
        server.poll(System.nanoTime());
        assertThat(ask(late)).startsWith("HTTP/1.1 200 OK");
    }
}
