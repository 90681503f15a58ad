package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.conntrack.ConntrackDrop;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.CommandRun;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two pods behind their node's address, a router outside, and behind its narrow link a host with nginx. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MasqueradeTopologyTest {
    private static final String FAR = "203.0.113.9";
    private static final int PER_POD = 5_000;
    private static final int CURLS = 34;

    /** At 500 a second. */
    private static final int SLOW_BYTES = 40_000;

    private static final String UPLINK = """
            ports:
              uplinks:
              - {name: uplink, device: up0, addresses: [192.168.7.1/24, "fd00:7::1/64"]}
            routes:
            - {to: 0.0.0.0/0, via: 192.168.7.2}
            - {to: "::/0", via: "fd00:7::2"}
            """;

    private NodeRig rig;

    @BeforeAll
    void start() throws IOException {
        rig = new NodeRig(NodeRig.NODE + UPLINK).pod("one", 10).pod("two", 11);
        rig.net.namespace("router");
        rig.net.namespace("far");
        rig.net.veth("node", "up0", "router", "eth0");
        rig.net.veth("router", "eth1", "far", "eth0");
        address("router", "eth0", "192.168.7.2/24", "fd00:7::2/64");
        address("router", "eth1", "203.0.113.1/24", "2001:db8:9::1/64");
        address("far", "eth0", FAR + "/24", "2001:db8:9::9/64");
        rig.net.run("router", "ip", "link", "set", "eth1", "mtu", "1280");
        rig.net.run("far", "ip", "link", "set", "eth0", "mtu", "1280");
        rig.net.run("router", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        // the way back is to the node only: an answer to a pod's own address would be lost
        rig.net.run("far", "ip", "route", "add", "192.168.7.0/24", "via", "203.0.113.1");
        rig.net.run("far", "ip", "-6", "route", "add", "fd00:7::/64", "via", "2001:db8:9::1");
        rig.net.run("far", "sysctl", "-qw", "net.core.somaxconn=20000", "net.ipv4.tcp_max_syn_backlog=20000");
        rig.start();
    }

    private void address(String label, String device, String ipv4, String ipv6) {
        rig.net.run(label, "ip", "address", "add", ipv4, "dev", device);
        rig.net.run(label, "ip", "address", "add", ipv6, "dev", device);
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    private void nginx() throws IOException {
        if (nginxAnswers()) {
            return;
        }
        final var file = rig.directory.resolve("nginx.conf");
        Files.writeString(file, """
                daemon off; user root; worker_processes 1; worker_rlimit_nofile 50000; pid %1$s/nginx.pid; error_log /dev/null;
                events {worker_connections 19000;}
                http {
                  access_log off; keepalive_timeout 120; client_header_timeout 120;
                  server {
                    listen 80 backlog=20000;
                    location / {return 200 "$remote_addr";}
                    location /slow {root %1$s; try_files /slow =404; open_file_cache max=4 inactive=600s; limit_rate 500;}
                  }
                }
                """.formatted(rig.directory));
        Files.write(rig.directory.resolve("slow"), new byte[SLOW_BYTES]);
        rig.net.start("far", "nginx", "-c", file.toString());
        NodeRig.await("nginx", this::nginxAnswers);
    }

    private boolean nginxAnswers() {
        return rig.net
                        .tryRun("far", "curl", "-s", "-m", "5", "http://127.0.0.1/")
                        .exitCode()
                == 0;
    }

    /** One of many connections: opened, held, then used for a request. */
    private static final class Exchange {
        private final SocketChannel channel;
        private final ByteBuffer answer = ByteBuffer.allocate(512);

        Exchange(SocketChannel channel) {
            this.channel = channel;
        }

        String answer() {
            return StandardCharsets.US_ASCII.decode(answer.duplicate().flip()).toString();
        }
    }

    @Test
    void tenThousandConcurrentConnectionsThroughOneAddressAllSucceed() throws IOException {
        TopologyNamespaces.assumeProgram("nginx", "nginx-light");
        TopologyNamespaces.assumeProgram("curl", "curl");
        nginx();
        final List<Exchange> exchanges = new ArrayList<>();
        try (Selector selector = Selector.open()) {
            for (final String pod : List.of("one", "two")) {
                rig.namespace(pod).run(() -> open(selector, exchanges));
            }
            assertThat(finish(selector, exchanges, false)).isEqualTo(2 * PER_POD);
            NodeRig.await(
                    "the last acknowledgements have passed",
                    () -> run("conntrack", "count", "--snat", "--state", "established")
                            .startsWith(2 * PER_POD + " "));
            assertThat(rig.net.run("one", "curl", "-sS", "-m", "10", "http://" + FAR + "/"))
                    .as("curl, while all of them are open")
                    .isEqualTo("192.168.7.1");
            for (final Exchange exchange : exchanges) {
                exchange.channel.write(ByteBuffer.wrap("GET / HTTP/1.1\r\nHost: far\r\nConnection: close\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII)));
            }
            assertThat(finish(selector, exchanges, true)).isEqualTo(2 * PER_POD);
            assertThat(exchanges)
                    .allSatisfy(exchange -> assertThat(exchange.answer())
                            .startsWith("HTTP/1.1 200 OK")
                            .endsWith("192.168.7.1"));
        } finally {
            for (final Exchange exchange : exchanges) {
                exchange.channel.close();
            }
        }
        assertThat(rig.running()
                        .dataplane()
                        .dataplane()
                        .total(counters -> counters.drops(ConntrackDrop.SNAT_PORTS_EXHAUSTED.id())
                                + counters.drops(ConntrackDrop.CONNTRACK_TABLE_FULL.id())))
                .isZero();
        assertThat(run("stat"))
                .containsPattern("conntrack/nat-port-changed +[1-9]")
                .containsPattern("conntrack/nat-connections +[1-9][0-9]{4}\\b");
    }

    /**
     * curl itself, 34 times 300 transfers at once from either pod's namespace, each so slow that all are open together. Takes
     * two minutes: {@code -Dweir.heavy=true}.
     */
    @Test
    @EnabledIfSystemProperty(named = "weir.heavy", matches = "true")
    void tenThousandCurlsAtOnceAllSucceed() throws Exception {
        TopologyNamespaces.assumeProgram("nginx", "nginx-light");
        TopologyNamespaces.assumeProgram("curl", "curl");
        nginx();
        final List<Process> curls = new ArrayList<>();
        for (int i = 0; i < CURLS; i++) {
            curls.add(rig.net.start(
                    i % 2 == 0 ? "one" : "two",
                    "sh",
                    "-c",
                    "curl --no-progress-meter -Z --parallel-immediate --parallel-max 300 -o /dev/null -m 300"
                            + " -w '%{http_code} %{size_download}\\n' 'http://" + FAR + "/slow?[1-300]'"));
        }
        final long end = System.nanoTime() + 60_000_000_000L;
        int open = 0;
        while (open < 2 * PER_POD && System.nanoTime() - end < 0) {
            Thread.sleep(500);
            open = Integer.parseInt(run("conntrack", "count", "--snat", "--state", "established")
                    .split(" ", -1)[0]);
        }
        assertThat(open).as("open at once").isGreaterThanOrEqualTo(2 * PER_POD);
        final List<String> outcomes = new ArrayList<>();
        for (final Process curl : curls) {
            new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .forEach(outcomes::add);
            curl.waitFor();
        }
        final String good = "200 " + SLOW_BYTES;
        assertThat(outcomes.stream().filter(line -> !line.equals(good)).limit(20))
                .as("what failed; weir dropped %s", run("drops"))
                .isEmpty();
        assertThat(outcomes).hasSize(300 * CURLS);
    }

    /** The same source ports in both pods, so that half of them have to change. */
    private static void open(Selector selector, List<Exchange> exchanges) {
        try {
            for (int i = 0; i < PER_POD; i++) {
                final SocketChannel channel = SocketChannel.open();
                channel.configureBlocking(false);
                channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                channel.bind(new InetSocketAddress(10_000 + i));
                final Exchange exchange = new Exchange(channel);
                exchanges.add(exchange);
                channel.connect(new InetSocketAddress(IpAddress.parse(FAR).toInetAddress(), 80));
                channel.register(selector, SelectionKey.OP_CONNECT, exchange);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many have connected, or been answered to the end, within half a minute. */
    private static int finish(Selector selector, List<Exchange> exchanges, boolean answers) throws IOException {
        final long end = System.nanoTime() + 30_000_000_000L;
        int done = 0;
        while (done < exchanges.size() && System.nanoTime() - end < 0) {
            selector.select(100);
            for (final SelectionKey key : selector.selectedKeys()) {
                final Exchange exchange = (Exchange) key.attachment();
                if (!answers && exchange.channel.finishConnect()) {
                    key.interestOps(SelectionKey.OP_READ);
                    done++;
                } else if (answers && exchange.channel.read(exchange.answer) < 0) {
                    key.cancel();
                    done++;
                }
            }
            selector.selectedKeys().clear();
        }
        return done;
    }

    private String run(String... command) {
        final List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--run-dir", rig.directory.toString()));
        final CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        return run.out();
    }

    /** The router's errors come back to the pod, whose packet they quote as it was sent. */
    @ParameterizedTest
    @CsvSource({"-4, 203.0.113.9, 192.168.7.2", "-6, 2001:db8:9::9, fd00:7::2"})
    void tracepathFindsTheMtuAndTheHops(String family, String destination, String router) {
        TopologyNamespaces.assumeProgram("tracepath", "iputils-tracepath");
        final String output = rig.net.run("one", "tracepath", family, "-n", destination);
        assertThat(output).containsPattern("(?s)pmtu 1500.*" + router + ".*pmtu 1280.*" + destination + ".* reached");
        assertThat(output).containsPattern("Resume: pmtu 1280 hops 3");
        assertThat(rig.net.run("one", "ip", "route", "get", destination)).contains("mtu 1280");
    }

    @Test
    void connectionsAreListedCountedAndEndedAsAUserAsks() throws IOException {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        rig.net.run("two", "ping", "-c", "1", "-W", "5", FAR);
        assertThat(run("conntrack", "list", "--protocol", "icmp", "--source", "10.244.1.11"))
                .contains("10.244.1.11")
                .contains("192.168.7.1")
                .doesNotContain("10.244.1.10");
        final var line = Json.MAPPER.readTree(
                run("conntrack", "list", "--protocol", "icmp", "--destination", "203.0.113.0/24", "--snat", "--json"));
        assertThat(line.get("source").asText()).startsWith("10.244.1.11");
        assertThat(line.get("replyDestination").asText()).startsWith("192.168.7.1");
        assertThat(run("conntrack", "flush", "--protocol", "icmp", "--source", "10.244.1.11"))
                .contains("1");
        assertThat(run("conntrack", "count", "--protocol", "icmp", "--source", "10.244.1.11"))
                .startsWith("0 ");
    }
}
