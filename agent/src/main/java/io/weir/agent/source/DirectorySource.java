package io.weir.agent.source;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Manifests in a directory. It is used as a whole or not at all: who edits it sees at once what is wrong with it. */
public final class DirectorySource implements ClusterSource {
    private final Path directory;
    private final List<String> settings;
    private final Consumer<String> warnings;
    private final ConfigWatch watch;

    /**
     * Begins to watch; nothing is read yet.
     *
     * @param settings {@code path=value} overrides of the NodeConfig
     * @param warnings hears of documents that are ignored, each time that the directory is read
     * @throws ConfigException when there is no such directory
     */
    public DirectorySource(Path directory, List<String> settings, Consumer<String> warnings) throws IOException {
        ConfigDirectory.require(directory);
        this.directory = directory;
        this.settings = List.copyOf(settings);
        this.warnings = warnings;
        watch = new ConfigWatch(directory);
    }

    @Override
    public boolean isComplete() {
        return true;
    }

    @Override
    public LoadedConfig load() {
        final LoadedConfig loaded = ConfigDirectory.load(directory, settings);
        loaded.warnings().forEach(warnings);
        return loaded;
    }

    @Override
    public boolean hasSettledChange(long nowNs) throws IOException {
        return watch.hasSettledChange(nowNs);
    }

    @Override
    public boolean leaveOut(ConfigException unusable) {
        return false;
    }

    @Override
    public boolean knowsEveryPod() {
        return false;
    }

    @Override
    public boolean isFollowing() {
        return true;
    }

    @Override
    public String description() {
        return "the directory " + directory;
    }

    @Override
    public void close() throws IOException {
        watch.close();
    }
}
