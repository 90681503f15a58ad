package io.weir.agent.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.weir.agent.config.ConfigDocument;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.NodeConfigReader;
import io.weir.agent.config.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a directory of manifests: every {@code .yaml}, {@code .yml} and {@code .json} file in it and below it, many
 * documents to a file, Lists too. Hidden files and directories are passed over. Either all of it is good and comes back
 * as one value, or the first bad document is reported.
 */
public final class ConfigDirectory {
    private final ClusterState.Builder objects = ClusterState.builder();
    private final Map<String, Origin> seen = new HashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private @Nullable ConfigDocument nodeConfig;

    private ConfigDirectory() {}

    /**
     * Reads all of a directory.
     *
     * @throws ConfigException when the directory or a document in it can't be used
     */
    public static LoadedConfig load(Path directory) {
        return load(directory, List.of());
    }

    /**
     * Reads all of a directory and overrides some settings of weir's own.
     *
     * @param settings {@code path=value} overrides of NodeConfig, as {@code --set} takes them
     * @throws ConfigException when the directory, a document in it or a setting can't be used
     */
    public static LoadedConfig load(Path directory, List<String> settings) {
        final ConfigDirectory loader = new ConfigDirectory();
        for (final Path file : files(directory)) {
            for (final ConfigDocument document :
                    ManifestFile.documents(file, directory.relativize(file).toString())) {
                loader.add(document);
            }
        }
        final ConfigDocument own = loader.nodeConfig == null ? NodeConfigReader.EMPTY : loader.nodeConfig;
        return new LoadedConfig(
                loader.objects.build(), NodeConfigReader.read(own, settings), own.origin(), loader.warnings);
    }

    /** Fails with a sentence for people when there is no such directory. */
    public static void require(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(
                    Origin.of(directory.toString()),
                    "",
                    null,
                    "is no directory; name one that holds manifests (.yaml, .yml or .json files)");
        }
    }

    private static List<Path> files(Path directory) {
        require(directory);
        final Origin origin = Origin.of(directory.toString());
        try (Stream<Path> tree = Files.walk(directory)) {
            return tree.filter(path -> isManifest(directory.relativize(path)))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (final IOException | java.io.UncheckedIOException e) {
            throw new ConfigException(
                    origin, "", null, "can't be read (" + e.getMessage() + "); check its permissions");
        }
    }

    private static boolean isManifest(Path path) {
        for (final Path step : path) {
            if (step.toString().startsWith(".")) {
                return false;
            }
        }
        final String name = path.toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(".json");
    }

    private void add(ConfigDocument document) {
        final String apiVersion = text(document, "apiVersion");
        final String kind = text(document, "kind");
        if (apiVersion.startsWith("weir.io/")) {
            addNodeConfig(document, kind);
            return;
        }
        if (kind.endsWith("List") && document.tree().get("items") instanceof final List<?> items) {
            addItems(document, kind, items);
            return;
        }
        final ManifestKind known = ManifestKind.of(apiVersion, kind);
        if (known == null) {
            warnings.add(document.origin() + ": " + kind + " of " + apiVersion + " is ignored; weir does not use it");
            return;
        }
        if (!known.apiVersion().equals(apiVersion)) {
            // passing over a policy of another version would open what it closes
            throw new ConfigException(
                    document.origin(), "apiVersion", apiVersion, "weir reads " + kind + " of " + known.apiVersion());
        }
        final HasMetadata object = ManifestFile.object(document, known);
        final Origin before = seen.putIfAbsent(ClusterState.originKey(object), document.origin());
        if (before != null) {
            throw new ConfigException(
                    document.origin(),
                    "metadata.name",
                    ClusterState.keyOf(object),
                    "the " + kind + " is also in " + before + "; remove one of the two");
        }
        objects.put(object, document.origin());
    }

    private void addNodeConfig(ConfigDocument document, String kind) {
        if (!kind.equals(NodeConfig.KIND)) {
            throw new ConfigException(document.origin(), "kind", kind, "weir.io has one kind: " + NodeConfig.KIND);
        }
        if (nodeConfig != null) {
            throw new ConfigException(
                    document.origin(),
                    "kind",
                    kind,
                    "a directory holds at most one NodeConfig, and " + nodeConfig.origin()
                            + " is one already; merge them");
        }
        nodeConfig = document;
    }

    private void addItems(ConfigDocument list, String kind, List<?> items) {
        for (int i = 0; i < items.size(); i++) {
            if (!(items.get(i) instanceof final Map<?, ?> map)) {
                throw new ConfigException(
                        list.origin(), "items[" + i + "]", items.get(i), "expects an object with apiVersion and kind");
            }
            final Map<String, Object> tree = ManifestFile.textKeys(map, list.origin());
            if (!kind.equals("List")) {
                // the items of a PodList need not say again what they are
                tree.putIfAbsent("apiVersion", list.tree().get("apiVersion"));
                tree.putIfAbsent("kind", kind.substring(0, kind.length() - "List".length()));
            }
            add(new ConfigDocument(
                    tree, new Origin(list.origin().place(), list.origin().document())));
        }
    }

    private static String text(ConfigDocument document, String field) {
        if (document.tree().get(field) instanceof final String text && !text.isEmpty()) {
            return text;
        }
        throw new ConfigException(
                document.origin(),
                field,
                document.tree().get(field),
                "is missing or no text; every manifest names its " + field);
    }
}
