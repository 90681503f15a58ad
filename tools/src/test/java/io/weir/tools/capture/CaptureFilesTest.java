package io.weir.tools.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CaptureFilesTest {
    private static final long TIME = 1_700_000_000_123_456_789L;

    @TempDir
    Path directory;

    @Test
    void classicFileIsReadBack() throws IOException {
        final Path file = directory.resolve("a.pcap");
        final List<byte[]> frames = frames();
        try (PcapWriter writer = new PcapWriter(file, LinkType.ETHERNET)) {
            for (int i = 0; i < frames.size(); i++) {
                writer.write(TIME + i, frames.get(i), frames.get(i).length + i);
            }
        }
        expect(read(file), frames, true);
    }

    @Test
    void annotatedFileIsReadBack() throws IOException {
        final Path file = directory.resolve("a.pcapng");
        final List<byte[]> frames = frames();
        try (PcapngWriter writer = new PcapngWriter(file, LinkType.ETHERNET, "in")) {
            for (int i = 0; i < frames.size(); i++) {
                writer.write(TIME + i, frames.get(i), frames.get(i).length + i, "ä".repeat(i * 10));
            }
        }
        expect(read(file), frames, true);
    }

    @Test
    void bareIpPacketsGetAnEthernetHeader() throws IOException {
        final Path file = directory.resolve("a.pcap");
        try (PcapWriter writer = new PcapWriter(file, LinkType.RAW_IP)) {
            writer.write(TIME, new byte[] {0x45, 1, 2}, 3);
            writer.write(TIME, new byte[] {0x60, 1, 2}, 3);
        }
        final List<CapturedPacket> packets = read(file);
        assertThat(packets.get(0).bytes()).hasSize(17).containsSequence(0x08, 0x00, 0x45, 1, 2);
        assertThat(packets.get(1).bytes()).hasSize(17).containsSequence(0x86, 0xDD, 0x60, 1, 2);
        assertThat(CaptureReader.withoutEthernet(packets.get(1).bytes())).containsExactly(0x60, 1, 2);
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        final Path text = Files.writeString(directory.resolve("a.txt"), "this is no capture at all, certainly not one");
        assertThatThrownBy(() -> new CaptureReader(text))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("is no capture file");
        assertThatThrownBy(() -> new CaptureReader(directory.resolve("absent")))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("can't be read");
    }

    @Test
    void damageIsReportedWithItsPlace() throws IOException {
        final Path file = directory.resolve("a.pcap");
        try (PcapWriter writer = new PcapWriter(file, LinkType.ETHERNET)) {
            writer.write(TIME, new byte[60], 60);
            writer.write(TIME, new byte[60], 60);
        }
        final byte[] whole = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 10));
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("is damaged behind packet 1");
    }

    private static List<byte[]> frames() {
        final Random random = new Random(7);
        final List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            final byte[] frame = new byte[14 + random.nextInt(i < 10 ? 60_000 : 1500)];
            random.nextBytes(frame);
            frames.add(frame);
        }
        return frames;
    }

    private static void expect(List<CapturedPacket> packets, List<byte[]> frames, boolean longer) {
        assertThat(packets).hasSameSizeAs(frames);
        for (int i = 0; i < frames.size(); i++) {
            assertThat(packets.get(i).number()).isEqualTo(i + 1);
            assertThat(packets.get(i).timeNs()).isEqualTo(TIME + i);
            assertThat(packets.get(i).bytes()).isEqualTo(frames.get(i));
            assertThat(packets.get(i).originalLength()).isEqualTo(frames.get(i).length + (longer ? i : 0));
        }
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
