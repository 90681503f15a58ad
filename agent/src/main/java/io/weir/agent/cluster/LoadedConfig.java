package io.weir.agent.cluster;

import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.Origin;
import java.util.List;

/**
 * What a config directory says.
 *
 * @param cluster    the Kubernetes objects
 * @param node       weir's own settings, with {@code --set} applied
 * @param nodeOrigin where these are written
 * @param warnings   sentences about documents that were ignored
 */
public record LoadedConfig(ClusterState cluster, NodeConfig node, Origin nodeOrigin, List<String> warnings) {
    public LoadedConfig {
        warnings = List.copyOf(warnings);
    }
}
