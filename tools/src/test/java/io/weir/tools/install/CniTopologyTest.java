package io.weir.tools.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.CommandRun;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The CNI plugin with a running agent: what a runtime asks for is what the kernel has and what packets meet. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CniTopologyTest {
    private AgentRig rig;

    @BeforeAll
    void start() {
        AgentRig.assumeCompiler();
        rig = new AgentRig("10.244.1.0/24").start().install();
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    private String ping(String from, String to) {
        return rig.net
                .tryRun(from, "ping", "-c", "2", "-i", "0.2", "-W", "5", to)
                .text();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.4.0", "1.0.0", "1.1.0"})
    void addDelAndCheckInEachVersion(String version) {
        final String label = "v" + version.replace(".", "");
        final String path = "/run/netns/" + rig.net.namespace(label);
        final AgentRig.Answer added =
                rig.call("ADD", label, path, version, "", "").expect(0);
        assertThat(added.json().path("cniVersion").asText()).isEqualTo(version);
        final JsonNode made = added.json().path("interfaces").path(0);
        assertThat(made.path("name").asText()).isEqualTo("eth0");
        assertThat(made.path("sandbox").asText()).isEqualTo(path);
        assertThat(made.has("mtu")).isEqualTo(version.equals("1.1.0"));
        assertThat(added.json().path("ips")).hasSize(2).allSatisfy(ip -> {
            assertThat(ip.path("interface").asInt(-1)).isZero();
            assertThat(ip.has("version")).isEqualTo(version.equals("0.4.0"));
        });
        assertThat(rig.net.run(label, "ip", "address", "show", "eth0"))
                .contains(made.path("mac").asText(), added.address(0) + "/32", added.address(1) + "/128");
        assertThat(ping(label, AgentRig.OUTSIDE)).contains(" 0% packet loss");

        final String previous = ",\"prevResult\":" + added.text();
        rig.call("CHECK", label, path, version, previous, "").expect(0);
        assertThat(rig.call("ADD", label, path, version, "", "").expect(0).text())
                .as("asked again, because the answer was not heard")
                .isEqualTo(added.text());
        rig.net.run(label, "ip", "address", "delete", added.address(0) + "/32", "dev", "eth0");
        assertThat(rig.call("CHECK", label, path, version, previous, "")
                        .expect(100)
                        .text())
                .contains("lacks the address " + added.address(0));

        rig.call("DEL", label, path, version, previous, "").expect(0);
        assertThat(rig.net.run(label, "ip", "-brief", "link")).doesNotContain("eth0");
        assertThat(rig.call("DEL", label, "", version, "", "").expect(0).text()).isEmpty();
        rig.call("CHECK", label, path, version, previous, "").expect(3);
        assertThat(rig.book().toString())
                .contains("\"" + added.address(0) + "\":")
                .doesNotContain("\"container\":\"" + label + "\"");
    }

    @Test
    void podsReachEachOtherTheNodeAndTheOutside() {
        final AgentRig.Answer one = rig.pod("one");
        final AgentRig.Answer other = rig.pod("other");
        assertThat(one.address(0)).isNotEqualTo(other.address(0));
        for (final String to : new String[] {
            other.address(0), other.address(1), AgentRig.NODE_ADDRESS, AgentRig.OUTSIDE, AgentRig.OUTSIDE_IPV6
        }) {
            assertThat(ping("one", to)).as(to).contains(" 0% packet loss");
        }
        assertThat(ping("node", one.address(0))).contains(" 0% packet loss");
        rig.net.run("one", "ip", "address", "add", "10.244.1.99/32", "dev", "eth0");
        assertThat(rig.net
                        .tryRun("one", "ping", "-c", "1", "-W", "1", "-I", "10.244.1.99", other.address(0))
                        .text())
                .as("with an address that is not its own")
                .contains("100% packet loss");
    }

    @Test
    void whatTheRuntimeWantsItGets() {
        rig.net.namespace("wanted");
        final AgentRig.Answer added = rig.add(
                        "wanted",
                        ",\"runtimeConfig\":{\"ips\":[\"10.244.1.200/24\"],\"mac\":\"02:11:22:33:44:55\","
                                + "\"bandwidth\":{\"ingressRate\":1000000,\"ingressBurst\":1000000}}")
                .expect(0);
        assertThat(added.address(0)).isEqualTo("10.244.1.200");
        assertThat(rig.net.run("wanted", "ip", "link", "show", "eth0")).contains("02:11:22:33:44:55");
        rig.net.namespace("second");
        assertThat(rig.add("second", ",\"runtimeConfig\":{\"ips\":[\"10.244.1.200\"]}")
                        .expect(11)
                        .text())
                .contains("10.244.1.200 is in use by containers/id-wanted");
        assertThat(rig.add("second", ",\"runtimeConfig\":{\"ips\":[\"10.244.1.255\"]}")
                        .expect(11)
                        .text())
                .contains("is no address for a pod of this node");
    }

    @Test
    void errorsHaveTheCodesOfTheSpecification() {
        final String path = rig.net.path("node").toString();
        rig.call("ADD", "x", path, "0.3.1", "", "").expect(1);
        rig.call("ADD", "", path, "1.0.0", "", "").expect(4);
        assertThat(rig.call("ADD", "x", "", "1.0.0", "", "").expect(4).text()).contains("CNI_NETNS");
        rig.call("ADD", "x", "/there/is/none", "1.0.0", "", "").expect(4);
        rig.call("ADD", "x", "/etc/hostname", "1.0.0", "", "").expect(4);
        rig.call("DESTROY", "x", path, "1.0.0", "", "").expect(4);
        rig.call("GC", "", "", "1.1.0", "", "").expect(7);
        rig.call(
                        "ADD",
                        "x",
                        path,
                        "1.0.0",
                        ",\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":99999,\"containerPort\":1}]}",
                        "")
                .expect(7);
        rig.call("CHECK", "nobody", path, "1.0.0", ",\"prevResult\":{}", "").expect(3);
        rig.plugin(Map.of("CNI_COMMAND", "ADD"), "{\"socket\":\"" + rig.runDirectory.resolve("node-1/api.sock") + "\",")
                .expect(6);
        rig.plugin(Map.of("CNI_COMMAND", "ADD"), "{\"socket\":\"/there/is/none\"}")
                .expect(11);
        rig.plugin(Map.of("CNI_COMMAND", "STATUS"), "{\"socket\":\"/there/is/none\"}")
                .expect(51);
        rig.plugin(Map.of("CNI_COMMAND", "ADD"), "{}").expect(7);
        rig.call("STATUS", "", "", "1.1.0", "", "").expect(0);
        assertThat(rig.plugin(Map.of("CNI_COMMAND", "VERSION"), "{\"cniVersion\":\"1.1.0\"}")
                        .expect(0)
                        .json()
                        .toString())
                .isEqualTo("{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.4.0\",\"1.0.0\",\"1.1.0\"]}");
    }

    @Test
    void collectionDeletesWhatIsNotListed() {
        rig.pod("stays");
        rig.pod("goes");
        final StringBuilder valid = new StringBuilder();
        for (final JsonNode each : rig.book().path("attachments")) {
            if (!each.path("container").asText().equals("id-goes")) {
                valid.append(valid.isEmpty() ? "" : ",")
                        .append("{\"containerID\":\"" + each.path("container").asText() + "\",\"ifname\":\"eth0\"}");
            }
        }
        rig.call("GC", "", "", "1.1.0", ",\"cni.dev/valid-attachments\":[" + valid + "]", "")
                .expect(0);
        assertThat(rig.net.run("stays", "ip", "-brief", "link")).contains("eth0");
        assertThat(rig.net.run("goes", "ip", "-brief", "link")).doesNotContain("eth0");
    }

    @Test
    void hostPortsLeadToThePodFromEverywhereButElsewhere() throws Exception {
        rig.net.namespace("web");
        rig.net.namespace("client");
        rig.add("client", "").expect(0);
        final String mappings = ",\"runtimeConfig\":{\"portMappings\":["
                + "{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\"},"
                + "{\"hostPort\":5353,\"containerPort\":53,\"protocol\":\"udp\"}]}";
        rig.add("web", mappings).expect(0);
        for (final String[] way : new String[][] {
            {"outside", AgentRig.NODE_ADDRESS, AgentRig.OUTSIDE},
            {"outside", AgentRig.NODE_ADDRESS_IPV6, AgentRig.OUTSIDE_IPV6},
            {"client", AgentRig.NODE_ADDRESS, ""},
            {"client", AgentRig.NODE_ADDRESS_IPV6, ""},
            {"web", AgentRig.NODE_ADDRESS, ""},
            {"web", AgentRig.NODE_ADDRESS_IPV6, ""},
            {"node", AgentRig.NODE_ADDRESS, ""},
            {"node", AgentRig.NODE_ADDRESS_IPV6, ""},
        }) {
            final String seen = connect(way[0], way[1], 8080);
            assertThat(seen).as(String.join(" ", way)).isNotEmpty();
            if (!way[2].isEmpty()) {
                assertThat(IpAddress.parse(seen))
                        .as("the client keeps its address")
                        .isEqualTo(IpAddress.parse(way[2]));
            }
        }
        assertThat(datagram("outside", AgentRig.NODE_ADDRESS, 5353)).isTrue();
        assertThat(datagram("node", AgentRig.NODE_ADDRESS, 5353)).isTrue();
        assertThat(ping("node", AgentRig.NODE_ADDRESS)).as("its own address").contains(" 0% packet loss");
        rig.net.namespace("rival");
        assertThat(rig.add("rival", mappings).expect(101).text())
                .contains("host port 8080 leads to containers/id-web already");
        rig.delete("web").expect(0);
        rig.add("rival", mappings).expect(0);
        rig.delete("rival").expect(0);
        for (final String family : new String[] {"-4", "-6"}) {
            assertThat(rig.net.run("node", "ip", family, "rule"))
                    .startsWith("0:\tfrom all lookup local")
                    .doesNotContain("lookup 87", "10:");
        }
    }

    /** Connects to a port behind which the pod listens at 80; the client's address as the pod sees it. */
    private String connect(String from, String address, int port) throws Exception {
        try (NetworkNamespace pod = rig.namespace("web");
                NetworkNamespace client = rig.namespace(from);
                ServerSocket server = pod.call(() -> new ServerSocket(80))) {
            server.setSoTimeout(10_000);
            final CompletableFuture<String> seen = CompletableFuture.supplyAsync(() -> {
                try (Socket accepted = server.accept()) {
                    accepted.getOutputStream().write('!');
                    return accepted.getInetAddress().getHostAddress();
                } catch (final IOException e) {
                    return "";
                }
            });
            try (Socket socket = client.call(() -> {
                final Socket open = new Socket();
                open.connect(new InetSocketAddress(IpAddress.parse(address).toInetAddress(), port), 10_000);
                return open;
            })) {
                assertThat(socket.getInputStream().read()).isEqualTo('!');
            }
            return seen.get(10, TimeUnit.SECONDS);
        }
    }

    private boolean datagram(String from, String address, int port) throws Exception {
        try (NetworkNamespace pod = rig.namespace("web");
                NetworkNamespace client = rig.namespace(from);
                DatagramSocket server = pod.call(() -> new DatagramSocket(53));
                DatagramSocket socket = client.call(() -> new DatagramSocket())) {
            server.setSoTimeout(10_000);
            socket.setSoTimeout(10_000);
            final byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);
            socket.send(new DatagramPacket(
                    hello, hello.length, IpAddress.parse(address).toInetAddress(), port));
            final DatagramPacket received = new DatagramPacket(new byte[100], 100);
            server.receive(received);
            server.send(received);
            socket.receive(received);
            return received.getPort() == port
                    && received.getAddress().equals(IpAddress.parse(address).toInetAddress());
        }
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void installAndUninstallLeaveNothingHalf(boolean isForeign) throws IOException {
        final Path conf = Files.createDirectory(rig.directory.resolve("conf-" + isForeign));
        final Path bin = rig.directory.resolve("bin-" + isForeign);
        final String[] where = {"--cni-conf-dir", conf.toString(), "--cni-bin-dir", bin.toString()};
        if (isForeign) {
            Files.writeString(conf.resolve("10-weir.conflist"), "{\"plugins\":[{\"type\":\"bridge\"}]}");
            final CommandRun refused = CommandRun.of("uninstall", where[0], where[1], where[2], where[3]);
            assertThat(refused.code()).isEqualTo(1);
            assertThat(refused.err()).contains("it is not weir's");
            return;
        }
        final CommandRun early = CommandRun.of(
                "install",
                "--wait",
                "0",
                "--run-dir",
                rig.directory.resolve("nowhere").toString(),
                where[0],
                where[1],
                where[2],
                where[3]);
        assertThat(early.code()).isEqualTo(1);
        assertThat(early.err()).contains("nothing was installed: no weir runs here");
        assertThat(conf).isEmptyDirectory();
        final CommandRun done = CommandRun.of(
                "install", "--run-dir", rig.runDirectory.toString(), where[0], where[1], where[2], where[3]);
        assertThat(done.code()).as(done.err()).isZero();
        assertThat(bin.resolve("weir")).isExecutable();
        assertThat(conf.resolve("10-weir.conflist")).content().contains("\"socket\"", "\"cniVersions\"");
        assertThat(CommandRun.of("uninstall", where[0], where[1], where[2], where[3])
                        .code())
                .isZero();
        assertThat(conf).isEmptyDirectory();
        assertThat(bin).isEmptyDirectory();
    }
}
