package io.weir.tools.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.observe.NodeFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The socket as any program sees it: permissions, questions that are wrong, clients that hang up. */
class LocalApiTest {
    @TempDir
    private Path directory;

    private ObservedNode node;

    @BeforeEach
    void start() throws IOException {
        node = new ObservedNode(directory.resolve("run"));
    }

    @AfterEach
    void end() throws IOException {
        node.close();
        assertThat(node.directory()).isEmptyDirectory();
    }

    private SocketChannel connect() throws IOException {
        final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(node.directory().resolve(NodeFiles.SOCKET)));
        return channel;
    }

    private static BufferedReader say(SocketChannel channel, String line) throws IOException {
        channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
        return new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
    }

    private List<String> ask(String line) throws IOException {
        try (SocketChannel channel = connect()) {
            return say(channel, line).lines().toList();
        }
    }

    @Test
    void theSocketIsTheOwnersOnly() throws IOException {
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(node.directory().resolve(NodeFiles.SOCKET))))
                .isEqualTo("rw-------");
    }

    @Test
    void aSocketThatIsInTheWayIsReplacedAndNothingElseIsLeft() throws IOException {
        final Path run = Files.createDirectories(directory.resolve("again/run/node-1"));
        Files.writeString(run.resolve(NodeFiles.SOCKET), "left by a weir that was killed");
        try (ObservedNode again = new ObservedNode(directory.resolve("again/run"))) {
            assertThat(again.directory()).isDirectoryNotContaining("glob:**/.api*");
        }
    }

    @Test
    void hundredsOfClientsAreAnsweredWhileOthersHoldTheirStreamsOpen() throws Exception {
        final List<SocketChannel> slow = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            final SocketChannel channel = connect();
            slow.add(channel);
            assertThat(say(channel, "{\"request\":\"trace\"}").readLine()).isEqualTo("{\"ready\":true}");
        }
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            final List<Future<List<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                answers.add(clients.submit(() -> ask("{\"request\":\"connections\",\"do\":\"count\"}")));
            }
            for (final Future<List<String>> answer : answers) {
                assertThat(answer.get(20, TimeUnit.SECONDS)).hasSize(2).last().isEqualTo("{\"end\":true}");
            }
        } finally {
            for (final SocketChannel channel : slow) {
                channel.close();
            }
        }
    }

    @Test
    void aClientThatHasSaidEverythingStillGetsItsAnswer() throws IOException {
        try (SocketChannel channel = connect()) {
            final BufferedReader lines = say(channel, "{\"request\":\"services\"}");
            channel.shutdownOutput();
            assertThat(lines.lines().toList()).hasSize(2);
        }
    }

    @Test
    void aQuestionWithoutEndIsRefused() throws IOException {
        try (SocketChannel channel = connect()) {
            final ByteBuffer endless = ByteBuffer.wrap(new byte[1 << 20]);
            for (int i = 0; i < 5; i++) {
                channel.write(endless.clear());
            }
            final BufferedReader lines =
                    new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
            assertThat(lines.readLine()).contains("error", "longer than");
        }
    }

    @Test
    void wrongQuestionsGetSentences() throws IOException {
        assertThat(ask("{\"request\":\"nonsense\"}"))
                .singleElement()
                .asString()
                .contains("unknown request 'nonsense'", "this weir knows capture, connections, flows, ");
        assertThat(ask("not JSON")).singleElement().asString().contains("no JSON");
        assertThat(ask("")).singleElement().asString().contains("error");
        assertThat(ask("{\"request\":\"capture\",\"port\":\"no/such\"}"))
                .singleElement()
                .asString()
                .contains("there is no port 'no/such'; there are ", "default/client");
        assertThat(ask("{\"request\":\"trace\",\"filter\":[[9999,0,0,0]]}"))
                .singleElement()
                .asString()
                .contains("instruction 0");
        assertThat(ask("{\"request\":\"connections\",\"protocol\":\"ipx\"}"))
                .singleElement()
                .asString()
                .contains("protocol 'ipx' is unknown");
        assertThat(ask("{\"request\":\"connections\",\"source\":\"10.0.0.\"}"))
                .singleElement()
                .asString()
                .contains("error");
    }

    @Test
    void aClientThatHangsUpEndsItsTraceAndTheFlowCacheWorksAgain() throws IOException, InterruptedException {
        final byte[] packet = ObservedNode.fromClient()
                .ipv4(ObservedNode.CLIENT, ObservedNode.SERVER)
                .udp(4000, 53)
                .build();
        final SocketChannel first = connect();
        try (SocketChannel second = connect()) {
            final BufferedReader firstLines = say(first, "{\"request\":\"trace\"}");
            final BufferedReader secondLines = say(second, "{\"request\":\"trace\"}");
            assertThat(firstLines.readLine()).isEqualTo("{\"ready\":true}");
            assertThat(secondLines.readLine()).isEqualTo("{\"ready\":true}");
            node.send("default/client", packet);
            assertThat(firstLines.readLine()).contains("\"verdict\":\"forward\"", "\"to\":\"default/server\"");
            assertThat(secondLines.readLine()).contains("\"verdict\":\"forward\"");
            first.close();
            node.send("default/client", packet);
            assertThat(secondLines.readLine()).contains("\"stage\":\"conntrack\"");
        }
        for (int i = 0; i < 200 && !ask("{\"request\":\"flows\"}").getFirst().contains("\"recentPackets\":3"); i++) {
            Thread.sleep(10);
            node.send("default/client", packet); // counted by the cache once the last trace has ended
        }
        assertThat(ask("{\"request\":\"flows\"}").getFirst()).contains("\"recentPackets\":");
    }

    @Test
    void aSlowClientLosesPacketsAndIsTold() throws IOException {
        try (SocketChannel channel = connect()) {
            final BufferedReader lines = say(channel, "{\"request\":\"capture\",\"port\":\"default/client\"}");
            assertThat(lines.readLine()).isEqualTo("{\"ready\":true}");
            final byte[] packet = ObservedNode.fromClient()
                    .ipv4(ObservedNode.CLIENT, ObservedNode.SERVER)
                    .udp(4000, 53)
                    .payload("x".repeat(1400))
                    .build();
            node.flood("default/client", packet, 30_000);
            long captured = 0;
            long lost = 0;
            while (captured + lost < 30_000) {
                final String line = lines.readLine();
                if (line.startsWith("{\"lost\":")) {
                    lost = Long.parseLong(line.substring(8, line.length() - 1));
                } else {
                    captured++;
                }
            }
            assertThat(captured).isPositive();
            assertThat(lost).isPositive();
            assertThat(captured + lost).isEqualTo(30_000);
        }
    }
}
