package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Direct server return between two processes {@code weir run} in a flannel network: a client on the switch asks node 1, the web
 * server is in a pod of node 3.
 */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DirectReturnTopologyTest {
    private static final String CLIENT = "client";
    private static final String CLIENT_IPV4 = "192.168.77.200";
    private static final String CLIENT_IPV6 = "fd01:77::200";
    private static final int BIG = 12 << 20;

    private FlannelNetwork flannel;
    private Process server;

    @BeforeAll
    void start() throws IOException {
        TopologyNamespaces.assumeProgram("etcd", "etcd-server");
        TopologyNamespaces.assumeProgram("etcdctl", "etcd-client");
        TopologyNamespaces.assumeProgram("nginx", "nginx-light");
        TopologyNamespaces.assumeProgram("curl", "curl");
        TopologyNamespaces.assumeProgram("tcpdump", "tcpdump");
        flannel = new FlannelNetwork();
        flannel.net.namespace(CLIENT);
        flannel.net.veth(CLIENT, "eth0", "switch", "to-client");
        flannel.net.run("switch", "ip", "link", "set", "to-client", "master", "br0");
        flannel.net.run(
                CLIENT,
                "sh",
                "-ec",
                "ip address add " + CLIENT_IPV4 + "/24 dev eth0; ip address add " + CLIENT_IPV6 + "/64 dev eth0 nodad");
        balanceTo(1);
        flannel.startEtcd();
        flannel.config("");
        for (final int node : new int[] {1, 3}) {
            flannel.configure(node, "services: {directServerReturn: true}\n");
            write(node, "nodes.yaml", node(1) + "---\n" + node(3));
            write(node, "service.yaml", SERVICE);
        }
        flannel.launch(1);
        flannel.start(3);
        flannel.awaitOutput(1, "2 ways to other nodes' pods");
        server = web();
    }

    /** The load balancer in front of the nodes, as far as the client sees it: which node gets its packets. */
    private void balanceTo(int node) {
        flannel.net.run(
                CLIENT,
                "sh",
                "-ec",
                "ip route replace 203.0.113.9 via 192.168.77." + node
                        + "; ip -6 route replace 2001:db8:8::9 via fd01:77::" + node);
    }

    private void write(int node, String file, String text) throws IOException {
        flannel.write(flannel.folder(node).resolve("config").resolve(file), text);
    }

    private static String node(int number) {
        return """
                apiVersion: v1
                kind: Node
                metadata:
                  name: node-%1$d
                  annotations: {weir.io/direct-server-return: "192.168.77.%1$d,fd01:77::%1$d"}
                spec: {podCIDRs: [10.244.%1$d.0/24, "fd00:244:0:%1$d::/64"]}
                status: {addresses: [{type: InternalIP, address: 192.168.77.%1$d}, {type: InternalIP, address: "fd01:77::%1$d"}]}
                """.formatted(number);
    }

    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default}
            spec:
              type: LoadBalancer
              clusterIPs: [10.96.0.9, "fd00:96::9"]
              ports: [{name: t, protocol: TCP, port: 80, targetPort: 8080, nodePort: 30080}]
            status: {loadBalancer: {ingress: [{ip: 203.0.113.9}, {ip: "2001:db8:8::9"}]}}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-4, namespace: default, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{name: t, protocol: TCP, port: 8080}]
            endpoints: [{addresses: [10.244.3.5], nodeName: node-3}]
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-6, namespace: default, labels: {kubernetes.io/service-name: web}}
            addressType: IPv6
            ports: [{name: t, protocol: TCP, port: 8080}]
            endpoints: [{addresses: ["fd00:244:0:3::5"], nodeName: node-3}]
            """;

    private Process web() throws IOException {
        final Path config = flannel.directory.resolve("nginx.conf");
        final byte[] big = new byte[BIG];
        Files.write(flannel.directory.resolve("big"), big);
        Files.writeString(config, """
                daemon off; user root; worker_processes 1; pid %1$s/nginx.pid; error_log /dev/null;
                events {worker_connections 64;}
                http {
                  access_log off;
                  server {
                    listen 8080; listen [::]:8080; root %1$s;
                    location = /slow {alias %1$s/big; limit_rate 4m;}
                    location = /who {default_type text/plain; return 200 "$remote_addr\\n";}
                  }
                }
                """.formatted(flannel.directory));
        final Process nginx = flannel.net.start("pod3", "nginx", "-c", config.toString());
        FlannelNetwork.await(
                "nginx",
                () -> flannel.net
                                .tryRun("pod3", "curl", "-s", "-m", "1", "http://127.0.0.1:8080/who")
                                .exitCode()
                        == 0);
        return nginx;
    }

    @AfterAll
    void stop() {
        if (server != null) {
            server.destroy();
        }
        if (flannel != null) {
            flannel.close();
        }
    }

    private static String url(String address, int port, String path) {
        return "http://" + ServiceRig.bracketed(address) + ":" + port + path;
    }

    /** What passes the switch between it and a node, until it is ended; the packets of the Service's address alone. */
    private Process capture(int node, String vip, Path file) {
        final Process tcpdump = flannel.net.start(
                "switch",
                "sh",
                "-c",
                "exec tcpdump -Z root --immediate-mode -i to-node" + node + " -U -w " + file + " tcp and host " + vip
                        + " > " + file + ".log 2>&1");
        FlannelNetwork.await("tcpdump", () -> {
            try {
                return Files.exists(Path.of(file + ".log"))
                        && Files.readString(Path.of(file + ".log")).contains("listening on");
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return tcpdump;
    }

    private long count(Path file, String filter) {
        return flannel.net
                .run("switch", "tcpdump", "-n", "-r", file.toString(), filter)
                .lines()
                .filter(line -> line.contains(" IP"))
                .count();
    }

    @ParameterizedTest
    @CsvSource({
        "192.168.77.1, 30080, 192.168.77.200",
        "203.0.113.9, 80, 192.168.77.200",
        "fd01:77::1, 30080, fd01:77::200",
        "2001:db8:8::9, 80, fd01:77::200"
    })
    @Order(1)
    void answersDoNotPassTheFirstNodeAndThePodSeesTheClient(String vip, int port, String client) throws Exception {
        final Path first = flannel.directory.resolve("first-" + port + client.length() + ".pcap");
        final Path second = flannel.directory.resolve("second-" + port + client.length() + ".pcap");
        final List<Process> captures = List.of(capture(1, vip, first), capture(3, vip, second));
        final List<String> command = new ArrayList<>(List.of("curl", "-sS", "-m", "10", "-H", "Connection: close"));
        for (int i = 0; i < 8; i++) {
            command.add(url(vip, port, "/who"));
        }
        assertThat(flannel.net.run(CLIENT, command.toArray(String[]::new)).lines())
                .hasSize(8)
                .containsOnly(client);
        for (final Process each : captures) {
            each.destroy();
            assertThat(each.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(count(first, "dst host " + vip)).as("requests by node 1").isGreaterThanOrEqualTo(8 * 4);
        assertThat(count(first, "src host " + vip)).as("answers by node 1").isZero();
        assertThat(count(second, "src host " + vip)).as("answers by node 3").isGreaterThanOrEqualTo(8 * 4);
        assertThat(count(second, "dst host " + vip)).as("requests past node 1").isZero();
    }

    /** Packets that are too big for the tunnel are cut to size by their sender, which node 1 tells. */
    @ParameterizedTest
    @CsvSource({"203.0.113.9, 80", "fd01:77::1, 30080"})
    @Order(2)
    void bulkPassesBothWays(String vip, int port) throws IOException {
        final String down = flannel.net.run(
                CLIENT, "curl", "-sS", "-m", "20", "-o", "/dev/null", "-w", "%{size_download}", url(vip, port, "/big"));
        assertThat(down).isEqualTo(Integer.toString(BIG));
        // nginx refuses the method after it has read some of it: what counts is that the big packets got there
        final String up = flannel.net.run(
                CLIENT,
                "curl",
                "-sS",
                "-m",
                "20",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "-H",
                "Expect:",
                "--data-binary",
                "@" + flannel.directory.resolve("nginx.conf"),
                url(vip, port, "/who?" + "x".repeat(4000)));
        assertThat(up).isEqualTo("200");
    }

    /** The load balancer notices that node 1 is dead and sends the rest of the connection to node 3. */
    @Test
    @Order(3)
    void aDownloadOutlivesTheNodeThatItCameInBy() throws Exception {
        final List<Process> downloads = new ArrayList<>();
        for (final String vip : List.of("203.0.113.9", "2001:db8:8::9")) {
            downloads.add(flannel.net.start(
                    CLIENT,
                    "curl",
                    "-sS",
                    "-m",
                    "30",
                    "-o",
                    "/dev/null",
                    "-w",
                    "%{http_code} %{size_download}",
                    url(vip, 80, "/slow")));
        }
        assertThat(downloads.getFirst().waitFor(800, TimeUnit.MILLISECONDS)).isFalse();
        flannel.stop(1, true);
        balanceTo(3);
        for (final Process each : downloads) {
            assertThat(each.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(new String(each.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("200 " + BIG);
        }
        assertThat(flannel.net.run(CLIENT, "curl", "-sS", "-m", "10", url("203.0.113.9", 80, "/who")))
                .isEqualTo(CLIENT_IPV4 + "\n");
        assertThat(flannel.net.run(CLIENT, "curl", "-sS", "-m", "10", url("2001:db8:8::9", 80, "/who")))
                .isEqualTo(CLIENT_IPV6 + "\n");
    }
}
