package io.weir.bench.device;

import io.weir.bench.experiment.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Who works where: one core forwards, another sends.
 *
 * @param forward of weir's worker, of testpmd's forwarding thread, and of the kernel's softirqs
 * @param send    of the sender
 */
record PlacedCores(int forward, int send) {
    static PlacedCores of(Settings settings) {
        final int forward = Math.max(settings.core(), 0);
        return new PlacedCores(forward, forward == 0 ? 1 : 0);
    }

    /**
     * Cores of the machine; the virtual machine's own answer would be those of the calling thread, which is pinned to one.
     */
    static int ofMachine() {
        try {
            return (int) Files.readAllLines(Path.of("/proc/stat")).stream()
                    .filter(line -> line.matches("cpu\\d+ .*"))
                    .count();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The forwarding core as the kernel writes sets of cores. */
    String mask() {
        return Integer.toHexString(1 << forward);
    }
}
