package io.weir.agent.flannel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.options.CompactOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A real etcd server on loopback with an own data folder, which can be stopped and started again on the same port. */
final class EtcdServer implements AutoCloseable {
    static final String PREFIX = "/coreos.com/network";

    private final Path folder;
    private final int clientPort;
    private final int peerPort;
    private final Client client;
    private @Nullable Process process;

    private EtcdServer(Path folder) throws IOException {
        this.folder = folder;
        clientPort = freePort();
        peerPort = freePort();
        client = Client.builder().endpoints(endpoint()).build();
    }

    /** Skips the test where etcd is not installed. */
    static EtcdServer start(Path folder) throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/etcd")),
                "skipped: the program etcd (package etcd-server) is not installed");
        final EtcdServer server = new EtcdServer(folder);
        server.begin();
        return server;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + clientPort);
    }

    void begin() throws Exception {
        final String peer = "http://127.0.0.1:" + peerPort;
        process = new ProcessBuilder(
                        "/usr/bin/etcd",
                        "--name=test",
                        "--data-dir=" + folder.resolve("etcd"),
                        "--listen-client-urls=" + endpoint(),
                        "--advertise-client-urls=" + endpoint(),
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=test=" + peer,
                        "--heartbeat-interval=50",
                        "--election-timeout=250")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("etcd.log").toFile()))
                .start();
        for (int i = 0; i < 200; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), clientPort)) {
                assertThat(socket.isConnected()).isTrue();
                client.getKVClient().get(bytes("ready")).get(10, TimeUnit.SECONDS);
                return;
            } catch (final IOException e) {
                Thread.sleep(50);
            }
        }
        throw new AssertionError("etcd does not start:\n" + Files.readString(folder.resolve("etcd.log")));
    }

    void stop() {
        final Process running = process;
        if (running != null) {
            running.destroyForcibly().onExit().join();
            process = null;
        }
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    void config(String json) throws Exception {
        put("config", json);
    }

    void put(String key, String value) throws Exception {
        client.getKVClient().put(bytes(PREFIX + "/" + key), bytes(value)).get(10, TimeUnit.SECONDS);
    }

    /** As flanneld does: with an etcd lease. */
    long putLeased(String key, String value, long ttlSeconds) throws Exception {
        final long lease = client.getLeaseClient()
                .grant(ttlSeconds)
                .get(10, TimeUnit.SECONDS)
                .getID();
        client.getKVClient()
                .put(
                        bytes(PREFIX + "/" + key),
                        bytes(value),
                        PutOption.builder().withLeaseId(lease).build())
                .get(10, TimeUnit.SECONDS);
        return lease;
    }

    void delete(String key) throws Exception {
        client.getKVClient().delete(bytes(PREFIX + "/" + key)).get(10, TimeUnit.SECONDS);
    }

    /** {@code key=value} of all subnets. */
    List<String> subnets() throws Exception {
        return client
                .getKVClient()
                .get(
                        bytes(PREFIX + "/subnets/"),
                        GetOption.builder().isPrefix(true).build())
                .get(10, TimeUnit.SECONDS)
                .getKvs()
                .stream()
                .map(pair -> pair.getKey().toString(UTF_8).substring((PREFIX + "/subnets/").length()) + "="
                        + pair.getValue().toString(UTF_8))
                .toList();
    }

    long leaseOf(String key) throws Exception {
        return client.getKVClient()
                .get(bytes(PREFIX + "/" + key))
                .get(10, TimeUnit.SECONDS)
                .getKvs()
                .getFirst()
                .getLease();
    }

    void revoke(long lease) throws Exception {
        client.getLeaseClient().revoke(lease).get(10, TimeUnit.SECONDS);
    }

    /** Makes all history unreadable. */
    void compact() throws Exception {
        final long revision = client.getKVClient()
                .get(bytes("ready"))
                .get(10, TimeUnit.SECONDS)
                .getHeader()
                .getRevision();
        client.getKVClient().compact(revision, CompactOption.DEFAULT).get(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        client.close();
        stop();
    }
}
