package io.weir.tools.install;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where the container runtime looks. */
final class DirectoryOptions {
    @Option(
            names = "--cni-conf-dir",
            paramLabel = "DIR",
            defaultValue = "/etc/cni/net.d",
            description = "Where the runtime reads network configurations. Default: ${DEFAULT-VALUE}.")
    private Path confDirectory = Path.of("/etc/cni/net.d");

    @Option(
            names = "--cni-bin-dir",
            paramLabel = "DIR",
            defaultValue = "/opt/cni/bin",
            description = "Where the runtime finds plugins. Default: ${DEFAULT-VALUE}.")
    private Path binDirectory = Path.of("/opt/cni/bin");

    CniFiles files() {
        return CniFiles.in(confDirectory, binDirectory);
    }
}
