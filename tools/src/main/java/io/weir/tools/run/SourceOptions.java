package io.weir.tools.run;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.Origin;
import io.weir.agent.source.ApiSource;
import io.weir.agent.source.ClusterSource;
import io.weir.agent.source.DirectorySource;
import io.weir.tools.command.NodeName;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the daemon's desired state comes from. */
final class SourceOptions {
    private static final String IN_CLUSTER = "KUBERNETES_SERVICE_HOST";

    @Option(
            names = "--config",
            paramLabel = "DIR",
            description =
                    "Directory of Kubernetes manifests and at most one NodeConfig. With an API server: a directory "
                            + "with a NodeConfig alone.")
    private @Nullable Path directory;

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "Take the Kubernetes objects from the API server that this file names.")
    private @Nullable Path kubeconfig;

    @Option(
            names = "--in-cluster",
            description =
                    "Take them from the API server of the pod that weir runs in. Default when there is no other source.")
    private boolean inCluster;

    @Option(
            names = "--node",
            paramLabel = "NAME",
            description =
                    "Which node this is. Default: nodeName of the NodeConfig; then the only node there is, or with "
                            + "an API server $NODE_NAME or the host's name.")
    private @Nullable String node;

    @Option(
            names = "--set",
            paramLabel = "PATH=VALUE",
            description = "Override a field of NodeConfig: --set workers.count=2. May be given many times.")
    private final List<String> settings = new ArrayList<>();

    /** A source that begins to follow; with its closing the client of an API server is closed, too. */
    ClusterSource open(PrintWriter err) throws IOException {
        final boolean isInCluster =
                inCluster || (directory == null && kubeconfig == null && System.getenv(IN_CLUSTER) != null);
        if (kubeconfig != null && isInCluster) {
            throw new ConfigException(
                    Origin.of("--in-cluster"), "", null, "can't be together with --kubeconfig; leave one out");
        }
        if (kubeconfig == null && !isInCluster) {
            if (directory == null) {
                throw new ConfigException(
                        Origin.of("weir agent"), "", null, "give --config DIR, --kubeconfig FILE or --in-cluster");
            }
            return watch(directory, NodeName.settings(settings, node), err);
        }
        final List<String> named = NodeName.settings(settings, name());
        final @Nullable DirectorySource own = directory == null ? null : watch(directory, named, err);
        return new ApiSource(client(), own, named);
    }

    /** Follows a directory; what is odd in it is printed. */
    static DirectorySource watch(Path directory, List<String> settings, PrintWriter err) throws IOException {
        return new DirectorySource(directory, settings, warning -> {
            err.println("warning: " + warning);
            err.flush();
        });
    }

    private @Nullable String name() {
        if (node != null) {
            return node;
        }
        if (directory != null
                && ConfigDirectory.load(directory, settings).node().nodeName() != null) {
            return null;
        }
        final String given = System.getenv("NODE_NAME");
        try {
            return given != null
                    ? given
                    : InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
        } catch (final UnknownHostException e) {
            throw new ConfigException(
                    Origin.of("--node"), "", null, "the host has no name; give the node's with --node");
        }
    }

    private KubernetesClient client() {
        final Config config;
        try {
            config = kubeconfig == null
                    ? new ConfigBuilder(Config.autoConfigure(null)).build()
                    : Config.fromKubeconfig(Files.readString(kubeconfig));
        } catch (final IOException | KubernetesClientException e) {
            throw new ConfigException(
                    Origin.of("--kubeconfig"),
                    "",
                    kubeconfig,
                    "can't be read as a kubeconfig (" + e.getMessage() + ")");
        }
        return ApiSource.connect(config);
    }
}
