package io.weir.tools.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.CommandRun;
import io.weir.tools.capture.LinkType;
import io.weir.tools.capture.PcapWriter;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every probe of Kubernetes' own network policy cases as a captured first packet, through {@code weir replay}. */
final class NetworkPolicyReplayTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SCTP = 132;

    @TempDir
    Path scratch;

    @Test
    void everyProbeHasTheExpectedVerdict() throws IOException {
        final String conformance = System.getProperty("weir.conformance", "");
        assumeThat(conformance).as("weir.conformance is set").isNotEmpty();
        final List<Path> steps;
        try (Stream<Path> tree = Files.walk(Path.of(conformance, "k8s-e2e-netpol", "cases"))) {
            steps = tree.filter(path -> path.endsWith("expected.json")).sorted().toList();
        }
        int probes = 0;
        final List<String> wrong = new ArrayList<>();
        for (final Path step : steps) {
            probes += score(step, wrong);
        }
        assertThat(wrong).as("of %d probes", probes).isEmpty();
        assertThat(probes).isEqualTo(506);
    }

    private int score(Path expectedFile, List<String> wrong) throws IOException {
        final JsonNode expected = Json.MAPPER.readTree(expectedFile.toFile());
        final JsonNode addresses = expected.get("pod_ips");
        final List<Boolean> allowed = new ArrayList<>();
        final Path capture = scratch.resolve("in.pcap");
        try (PcapWriter writer = new PcapWriter(capture, LinkType.ETHERNET)) {
            for (final JsonNode probe : expected.get("probes")) {
                final JsonNode pods = probe.get("pods");
                for (int i = 0; i < pods.size(); i++) {
                    for (int j = 0; j < pods.size(); j++) {
                        if (i != j) {
                            final byte[] frame = frame(
                                    IpAddress.parse(
                                            addresses.get(pods.get(i).asText()).asText()),
                                    IpAddress.parse(
                                            addresses.get(pods.get(j).asText()).asText()),
                                    protocol(probe.get("protocol").asText()),
                                    20_000 + allowed.size(),
                                    probe.get("port").asInt());
                            writer.write(1_000_000L * allowed.size(), frame, frame.length);
                            allowed.add(probe.get("matrix").get(i).asText().charAt(j) == '.');
                        }
                    }
                }
            }
        }
        final Path report = scratch.resolve("report.json");
        final CommandRun run = CommandRun.of(
                "replay",
                "--config",
                expectedFile.resolveSibling("manifests").toString(),
                "--in",
                capture.toString(),
                "--out",
                scratch.resolve("out.pcap").toString(),
                "--report",
                report.toString(),
                "--set",
                "tables.connections=4096");
        assertThat(run.code()).as(run.err()).isZero();
        final JsonNode packets = Json.MAPPER.readTree(report.toFile()).get("packets");
        assertThat(packets).hasSize(allowed.size());
        for (int i = 0; i < allowed.size(); i++) {
            final String verdict = packets.get(i).get("verdict").asText();
            if (!verdict.equals(allowed.get(i) ? "forwarded" : "dropped")) {
                wrong.add(expected.get("case").asText() + ": " + packets.get(i));
            }
        }
        return allowed.size();
    }

    private static int protocol(String name) {
        return switch (name) {
            case "TCP" -> TCP;
            case "UDP" -> UDP;
            case "SCTP" -> SCTP;
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** SYN, empty datagram or INIT. */
    private static byte[] frame(
            IpAddress source, IpAddress destination, int protocol, int sourcePort, int destinationPort) {
        final int transport = protocol == TCP ? 20 : protocol == UDP ? 8 : 32;
        final ByteBuffer frame = ByteBuffer.allocate(14 + 20 + transport);
        frame.position(12);
        frame.putShort((short) 0x0800);
        frame.putShort((short) 0x4500).putShort((short) (20 + transport)).putInt(0x4000);
        frame.put((byte) 64).put((byte) protocol).putShort((short) 0);
        frame.put(source.toBytes()).put(destination.toBytes());
        frame.putShort(24, (short) InternetChecksum.ofSum(InternetChecksum.sum(new UnsafeBuffer(frame), 14, 20)));
        frame.putShort((short) sourcePort).putShort((short) destinationPort);
        if (protocol == TCP) {
            frame.putInt(1).putInt(0).putShort((short) 0x5002).putShort((short) 65_535);
        } else if (protocol == UDP) {
            frame.putShort((short) 8);
        } else {
            // verification tag 0; INIT of 20 bytes: tag, window, streams, first number
            frame.putLong(0).putInt(0x0100_0014);
            frame.putInt(1).putInt(65_536).putInt(0x0001_0001).putInt(1);
        }
        return frame.array();
    }
}
