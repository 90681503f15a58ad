package io.weir.dataplane.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Any bytes print, and the text depends on nothing outside of them. The build replays the inputs that are kept beside
 * this class's resources; {@code JAZZER_FUZZ=1 mvn … -Djazzer.hooks=true} searches for new ones.
 */
class PacketPrinterFuzzTest {
    @FuzzTest(maxDuration = "30s")
    void printsAnyBytes(byte[] bytes) {
        printBothWays(bytes);
    }

    static void printBothWays(byte[] bytes) {
        final String line = printAmid(bytes, (byte) 0x00, false);
        assertThat(printAmid(bytes, (byte) 0xFF, false)).isEqualTo(line).doesNotContain("\n");
        assertThat(printAmid(bytes, (byte) 0x00, true)).isEqualTo(printAmid(bytes, (byte) 0xFF, true));
        assertThat(PacketPrinter.print(bytes)).isEqualTo(line);
        assertThat(PacketPrinter.printIp(bytes)).isNotEmpty();
        assertThat(PacketPrinter.printIpVerbose(bytes)).isNotEmpty();
    }

    private static String printAmid(byte[] bytes, byte surroundings, boolean verbose) {
        final byte[] wide = new byte[bytes.length + 200];
        Arrays.fill(wide, surroundings);
        System.arraycopy(bytes, 0, wide, 100, bytes.length);
        final UnsafeBuffer buffer = new UnsafeBuffer(wide);
        return verbose
                ? PacketPrinter.printVerbose(buffer, 100, bytes.length)
                : PacketPrinter.print(buffer, 100, bytes.length);
    }
}
