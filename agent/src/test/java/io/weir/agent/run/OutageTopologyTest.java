package io.weir.agent.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.weir.agent.source.ApiFixture;
import io.weir.dataplane.linux.DatagramStream;
import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Traffic while the API server is away, slow, forgetful or wrong: forwarding doesn't depend on it, not even for a restart. */
@TopologyTest
@Timeout(120)
class OutageTopologyTest {
    private static final String SERVICE_ADDRESS = "10.96.0.10";
    private static final int ECHO_PORT = 7007;
    private static final KubernetesSerialization YAML = new KubernetesSerialization();

    @TempDir
    private Path directory;

    private final TopologyNamespaces net = TopologyNamespaces.create();
    private final Map<String, NetworkNamespace> open = new HashMap<>();
    private ApiFixture api;
    private JavaProcess agent;
    private DatagramSocket echo;

    private NetworkNamespace namespace(String label) {
        return open.computeIfAbsent(label, each -> NetworkNamespace.named(net.name(each)));
    }

    @BeforeEach
    void start() throws IOException {
        TopologyNamespaces.assumeProgram("curl", "curl");
        List.of("node", "client", "server", "closed", "late").forEach(net::namespace);
        api = new ApiFixture(namespace("node"));
        putCluster();
        startAgent();
        attach("client", 10);
        attach("server", 11);
        attach("closed", 12);
        echo = namespace("server").call(() -> new DatagramSocket(ECHO_PORT));
        Thread.ofPlatform().daemon().start(this::echo);
    }

    @AfterEach
    void end() {
        if (echo != null) {
            echo.close();
        }
        open.values().forEach(NetworkNamespace::close);
        net.close();
        if (api != null) {
            api.close();
        }
    }

    private void startAgent() throws IOException {
        final Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), api.kubeconfig());
        agent = JavaProcess.start(
                net,
                "node",
                JavaProcess.command(
                        List.of(),
                        AgentProcess.class,
                        kubeconfig.toString(),
                        directory.resolve("run").toString(),
                        "nodeName=node-1",
                        "clusterCidrs[0]=10.244.0.0/16",
                        "serviceCidrs[0]=10.96.0.0/16"));
        agent.await("weir runs");
    }

    private static HasMetadata object(String yaml) {
        return YAML.unmarshal(yaml);
    }

    /** Without an address yet, as a pod is before its runtime has made its network. */
    private static Pod pod(String name, String labels) {
        return (Pod) object("""
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: default, labels: {%s}}
                spec: {nodeName: node-1}
                status: {phase: Pending}
                """.formatted(name, labels));
    }

    /** The server takes packets from the client, and from pods with the label when there is one. */
    private static HasMetadata policy(String more) {
        return object("""
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: server, namespace: default}
                spec:
                  podSelector: {matchLabels: {app: server}}
                  policyTypes: [Ingress]
                  ingress:
                  - from: [{podSelector: {matchLabels: {app: client}}}, {podSelector: {matchLabels: {app: %s}}}]
                """.formatted(more));
    }

    private static HasMetadata service(String name, String address) {
        return object("""
                apiVersion: v1
                kind: Service
                metadata: {name: %s, namespace: default}
                spec: {type: ClusterIP, clusterIP: %s, clusterIPs: [%s], ports: [{name: e, port: 7, protocol: UDP}]}
                """.formatted(name, address, address));
    }

    private void putCluster() {
        api.put(object("""
                apiVersion: v1
                kind: Node
                metadata: {name: node-1}
                spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24]}
                status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
                """));
        api.put(object("apiVersion: v1\nkind: Namespace\nmetadata: {name: default}"));
        List.of("client", "server", "closed").forEach(name -> api.put(pod(name, "app: " + name)));
        api.put(service("echo", SERVICE_ADDRESS));
        api.put(object("""
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: echo-1, namespace: default, labels: {kubernetes.io/service-name: echo}}
                addressType: IPv4
                ports: [{name: e, protocol: UDP, port: %d}]
                endpoints: [{addresses: [10.244.1.11], conditions: {ready: true}, nodeName: node-1}]
                """.formatted(ECHO_PORT)));
        api.put(policy("nobody"));
    }

    /** As a runtime does it, by the agent's socket. */
    private void attach(String pod, int number) throws IOException {
        final Map<String, String> call = Map.of(
                "request",
                "cni",
                "command",
                "ADD",
                "containerId",
                "id-" + pod,
                "netns",
                net.path(pod).toString(),
                "ifname",
                "eth0",
                "args",
                "K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + pod + ";IP=10.244.1." + number,
                "config",
                "{\"cniVersion\":\"1.0.0\",\"name\":\"weir\",\"type\":\"weir\"}");
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(directory.resolve("run/node-1/api.sock")));
            channel.write(ByteBuffer.wrap(
                    (new ObjectMapper().writeValueAsString(call) + "\n").getBytes(StandardCharsets.UTF_8)));
            final String answer = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("{\"exit\":0}").contains("10.244.1." + number);
        }
    }

    private void echo() {
        final DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        try {
            while (true) {
                packet.setLength(100);
                echo.receive(packet);
                echo.send(packet);
            }
        } catch (final SocketException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether a datagram comes back. */
    private boolean reaches(String from, String address, int port) {
        try (DatagramSocket socket = namespace(from).call(() -> new DatagramSocket())) {
            socket.setSoTimeout(200);
            socket.send(new DatagramPacket(new byte[] {1}, 1, new InetSocketAddress(address, port)));
            socket.receive(new DatagramPacket(new byte[100], 100));
            return true;
        } catch (final SocketTimeoutException e) {
            return false;
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    private boolean reachesServer(String from) {
        return reaches(from, "10.244.1.11", ECHO_PORT);
    }

    private boolean says(String metric) {
        return net.tryRun("node", "curl", "-s", "-m", "5", "http://127.0.0.1:9095/metrics")
                .text()
                .contains("\n" + metric + "\n");
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        final long end = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as("waited in vain: " + what).isNegative();
            Thread.sleep(20);
        }
    }

    /** For five seconds; ended before, it would take the answers that are on their way for lost. */
    private Process ping() {
        return net.start("client", "ping", "-q", "-i", "0.005", "-c", "1000", "-W", "5", "10.244.1.11");
    }

    @Test
    void noPacketIsLostWhileTheServerIsAwayAndTheStateIsCaughtUp() throws Exception {
        final Process ping = ping();
        try (DatagramStream stream =
                new DatagramStream(namespace("client"), namespace("server"), "10.244.1.11", 6001, 500_000)) {
            await("watching", () -> says("weir_source_following 1"));
            assertThat(reaches("client", SERVICE_ADDRESS, 7)).isTrue();
            assertThat(reachesServer("closed")).isFalse();

            api.line().cut();
            await("it is cut off", () -> says("weir_source_following 0"));
            api.put(policy("closed"));
            api.delete(service("echo", SERVICE_ADDRESS));
            api.put(service("echo", "10.96.0.11"));
            final Pod bad = pod("bad", "app: bad");
            bad.getStatus().setPodIP("10.0.0.300");
            api.put(bad);
            api.put(pod("late", "app: late"));
            api.forgetHistory(); // the next watch is answered with 410 Gone
            assertThat(reaches("client", SERVICE_ADDRESS, 7)).as("as it was").isTrue();
            assertThat(reachesServer("closed")).isFalse();
            api.line().mend();
            await("the difference is caught up", () -> reachesServer("closed") && reaches("client", "10.96.0.11", 7));
            assertThat(reaches("client", SERVICE_ADDRESS, 7))
                    .as("the address that the Service had")
                    .isFalse();
            await("watching again", () -> says("weir_source_following 1"));
            assertThat(says("weir_source_objects_left_out 1"))
                    .as("the bad pod alone")
                    .isTrue();

            api.line().stop(); // connections stay, and nothing comes by them
            api.put(policy("nobody"));
            attach("late", 13);
            assertThat(reachesServer("closed")).as("nothing was heard").isTrue();
            api.line().go();
            await("the slow server was heard", () -> !reachesServer("closed"));

            assertThat(stream.finish()).as("lost of %d", stream.sent()).isZero();
            assertThat(stream.misplaced()).isZero();
            assertThat(stream.sent()).isGreaterThan(1_000);
        }
        assertThat(new String(ping.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("1000 received, 0% packet loss");
    }

    @Test
    void aKilledAgentThatStartsWhileTheServerIsAwayForwardsAsBefore() throws Exception {
        await("watching", () -> says("weir_source_following 1"));
        Thread.sleep(1_500); // the newest state is kept at most this long after it is in force
        api.line().cut();
        api.put(policy("closed"));
        agent.kill();
        assertThat(reachesServer("client")).isFalse();

        final long beginNs = System.nanoTime();
        startAgent();
        await("forwarding", () -> reachesServer("client"));
        System.out.println("forwarding again " + (System.nanoTime() - beginNs) / 1_000_000
                + " ms after the start of the process, without an API server");
        assertThat(says("weir_source_following 0")).isTrue();
        assertThat(says("weir_source_objects_unconfirmed 0")).isFalse();
        assertThat(reaches("client", SERVICE_ADDRESS, 7)).as("by the Service").isTrue();
        assertThat(reachesServer("closed")).as("the policy is in force").isFalse();

        api.line().mend();
        await("the change is caught up", () -> reachesServer("closed"));
        await("all is confirmed", () -> says("weir_source_objects_unconfirmed 0"));
        assertThat(reachesServer("client")).isTrue();
    }
}
