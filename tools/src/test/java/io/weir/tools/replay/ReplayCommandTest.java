package io.weir.tools.replay;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.tools.CommandRun;
import io.weir.tools.capture.CaptureReader;
import io.weir.tools.capture.CapturedPacket;
import io.weir.tools.capture.LinkType;
import io.weir.tools.capture.PcapWriter;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReplayCommandTest {
    private static final String CONFIG = "../examples/two-pods";
    private static final long TIME = 1_700_000_000_000_000_000L;

    @TempDir
    Path directory;

    @Test
    void everyPacketHasItsOutcome() throws IOException {
        final byte[] toServer = udp("10.244.1.10", "10.244.1.11", 64);
        final JsonNode report = replay(
                toServer,
                udp("10.244.1.11", "10.244.1.10", 64),
                udp("10.244.1.10", "192.0.2.7", 64),
                udp("10.244.1.10", "10.244.1.11", 1),
                udp("10.244.1.10", "10.244.1.99", 64),
                java.util.Arrays.copyOf(toServer, 20),
                new byte[5]);
        final JsonNode packets = report.get("packets");
        assertThat(packets.findValuesAsText("verdict"))
                .containsExactly("forwarded", "forwarded", "forwarded", "rejected", "rejected", "dropped", "dropped");
        assertThat(packets.findValuesAsText("reason"))
                .containsExactly("ttl-exceeded", "no-route", "ipv4-malformed", "frame-truncated");
        assertThat(packets.get(0).get("in").asText()).isEqualTo("default/client");
        assertThat(packets.get(0).get("out").asText()).isEqualTo("default/server");
        assertThat(packets.get(2).get("out").asText()).isEqualTo("uplink");
        assertThat(packets.get(2).get("source").asText()).startsWith("192.168.0.1:");
        assertThat(report.get("sums").get("packets").asInt()).isEqualTo(7);
        assertThat(report.get("sums").get("sent").asInt())
                .as("three forwarded, two ICMP errors")
                .isEqualTo(5);
        final List<CapturedPacket> sent = read(directory.resolve("out.pcap"));
        assertThat(sent).hasSize(5);
        assertThat(sent.get(0).bytes()[14 + 8]).as("TTL is one less").isEqualTo((byte) 63);
        assertThat(sent.get(0).timeNs()).isEqualTo(TIME);
    }

    @Test
    void annotationsCarryTheVerdict() throws IOException {
        replay(udp("10.244.1.10", "10.244.1.11", 64), new byte[5]);
        final String text =
                Files.readString(directory.resolve("notes.pcapng"), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(text)
                .contains("in by default/client: forwarded to default/server as 10.244.1.10:4000 > 10.244.1.11:53")
                .contains("in by uplink: dropped: frame-truncated. The frame ends before its Ethernet header does.");
        assertThat(read(directory.resolve("notes.pcapng"))).hasSize(2);
    }

    @Test
    void randomAndMutatedPacketsAreAllAccountedFor() throws IOException {
        final Random random = new Random(42);
        final List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            final byte[] frame = udp("10.244.1.10", "10.244.1." + (10 + random.nextInt(3)), 1 + random.nextInt(64));
            for (int flips = random.nextInt(4); flips > 0; flips--) {
                frame[12 + random.nextInt(frame.length - 12)] ^= (byte) (1 << random.nextInt(8));
            }
            frames.add(random.nextInt(8) == 0 ? java.util.Arrays.copyOf(frame, random.nextInt(frame.length)) : frame);
        }
        final JsonNode report = replay(frames.toArray(byte[][]::new));
        assertThat(report.get("packets")).hasSize(3000);
        final JsonNode sums = report.get("sums");
        assertThat(sums.get("forwarded").asInt()
                        + sums.get("answered").asInt()
                        + sums.get("rejected").asInt()
                        + sums.get("dropped").asInt())
                .isEqualTo(3000);
        assertThat(sums.get("forwarded").asInt()).isGreaterThan(500);
    }

    @Test
    void aBadWireIsAccountedFor() throws IOException {
        final byte[][] frames = new byte[1000][];
        java.util.Arrays.setAll(frames, i -> udp("10.244.1.10", "10.244.1.11", 64));
        write(frames);
        final CommandRun run = run("--fault", "loss=0.1,duplicate=0.1,reorder=0.1,truncate=0.1,seed=7", "--json");
        assertThat(run.code()).isZero();
        final JsonNode sums = Json.MAPPER.readTree(run.out());
        assertThat(sums.get("forwarded").asInt() + sums.get("dropped").asInt())
                .isEqualTo(sums.get("packets").asInt());
        assertThat(run.out()).contains("fault-injected");
    }

    @Test
    void aFaultThatIsUnknownIsRefused() throws IOException {
        write(udp("10.244.1.10", "10.244.1.11", 64));
        final CommandRun run = run("--fault", "noise=1");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("'noise=1' is no fault");
    }

    @Test
    void ingressCanBeForced() throws IOException {
        write(udp("10.244.1.10", "10.244.1.11", 64));
        final CommandRun run = run("--ingress", "default/server");
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("spoofed-source-address");
    }

    @Test
    void anUnknownPortFails() throws IOException {
        write(udp("10.244.1.10", "10.244.1.11", 64));
        final CommandRun run = run("--ingress", "nowhere");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("--ingress nowhere").contains("namespace/pod");
    }

    @Test
    void aMissingCaptureFails() {
        final CommandRun run = run();
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("in.pcap").contains("can't be read");
    }

    private static byte[] udp(String source, String destination, int ttl) {
        return PacketBuilder.packet()
                .ethernet()
                .ipv4(source, destination)
                .ttl(ttl)
                .udp(4000, 53)
                .payloadOf(26)
                .build();
    }

    private JsonNode replay(byte[]... frames) throws IOException {
        write(frames);
        final Path report = directory.resolve("report.json");
        final CommandRun run = run(
                "--report",
                report.toString(),
                "--annotate",
                directory.resolve("notes.pcapng").toString());
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        return Json.MAPPER.readTree(report.toFile());
    }

    private void write(byte[]... frames) throws IOException {
        try (PcapWriter writer = new PcapWriter(directory.resolve("in.pcap"), LinkType.ETHERNET)) {
            for (int i = 0; i < frames.length; i++) {
                writer.write(TIME + i * 1_000_000L, frames[i], frames[i].length);
            }
        }
    }

    private CommandRun run(String... more) {
        final List<String> arguments = new ArrayList<>(List.of(
                "replay",
                "--config",
                CONFIG,
                "--in",
                directory.resolve("in.pcap").toString(),
                "--out",
                directory.resolve("out.pcap").toString(),
                "--set",
                "tables.connections=65536"));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    private static List<CapturedPacket> read(Path file) {
        final List<CapturedPacket> packets = new ArrayList<>();
        try (CaptureReader reader = new CaptureReader(file)) {
            for (CapturedPacket packet = reader.next(); packet != null; packet = reader.next()) {
                packets.add(packet);
            }
        }
        return packets;
    }
}
