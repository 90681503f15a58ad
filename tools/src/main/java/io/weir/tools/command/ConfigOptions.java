package io.weir.tools.command;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that reads a config directory. */
public final class ConfigOptions {
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
        final LoadedConfig loaded = ConfigDirectory.load(directory(), settings());
        loaded.warnings().forEach(warning -> warnings.println("warning: " + warning));
        warnings.flush();
        return loaded;
    }

    /** What {@code --set} and {@code --node} say, as overrides of the NodeConfig. */
    public List<String> settings() {
        return NodeName.settings(settings, node);
    }

    public Path directory() {
        if (directory == null) {
            throw new IllegalStateException("picocli requires --config");
        }
        return directory;
    }
}
