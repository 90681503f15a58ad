package io.weir.tools.command;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.Origin;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that reads a config directory. */
public final class ConfigOptions {
    private static final Pattern NODE_NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");

    @Option(
            names = "--config",
            required = true,
            paramLabel = "DIR",
            description = "Directory of Kubernetes manifests and at most one NodeConfig.")
    private @Nullable Path directory;

    @Option(
            names = "--node",
            paramLabel = "NAME",
            description = "Which node this is. Default: nodeName of the NodeConfig, else the only node there is.")
    private @Nullable String node;

    @Option(
            names = "--set",
            paramLabel = "PATH=VALUE",
            description = "Override a field of NodeConfig: --set workers.count=2. May be given many times.")
    private final List<String> settings = new ArrayList<>();

    /**
     * Reads the directory and applies {@code --set} and {@code --node}; warnings go to the given writer.
     *
     * @throws ConfigException when something in it can't be used
     */
    public LoadedConfig load(PrintWriter warnings) {
        final List<String> all = new ArrayList<>(settings);
        if (node != null) {
            if (!NODE_NAME.matcher(node).matches()) {
                throw new ConfigException(
                        Origin.of("--node"),
                        "",
                        node,
                        "is no node name; write lower-case letters, digits, '-' and '.'");
            }
            all.add("nodeName=\"" + node + "\"");
        }
        final LoadedConfig loaded = ConfigDirectory.load(directory(), all);
        loaded.warnings().forEach(warning -> warnings.println("warning: " + warning));
        warnings.flush();
        return loaded;
    }

    public Path directory() {
        if (directory == null) {
            throw new IllegalStateException("picocli requires --config");
        }
        return directory;
    }
}
