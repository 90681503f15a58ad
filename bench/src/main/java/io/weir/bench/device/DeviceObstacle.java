package io.weir.bench.device;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What keeps a machine from measuring devices. */
final class DeviceObstacle {
    private DeviceObstacle() {}

    /** The first program that is missing, or the rights. */
    static Optional<String> find(String... programs) {
        if (!Files.isWritable(Path.of("/dev/net/tun")) || !Files.isWritable(Path.of("/proc/sys/net/core/somaxconn"))) {
            return Optional.of("it needs root and /dev/net/tun");
        }
        if (PlacedCores.ofMachine() < 2) {
            return Optional.of("it needs two cores: one sends, the other forwards");
        }
        for (final String program : programs) {
            if (!isInstalled(program)) {
                return Optional.of("the program " + program + " is not installed");
            }
        }
        return Optional.empty();
    }

    private static boolean isInstalled(String program) {
        final String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
        for (final String folder : path.split(":", -1)) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }
}
