package io.weir.agent.run;

import io.fabric8.kubernetes.client.Config;
import io.weir.agent.source.ApiSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The daemon without a command line: a process that a test can kill. */
final class AgentProcess {
    private AgentProcess() {}

    /** Arguments: a kubeconfig, the run directory, and settings as {@code path=value}. */
    public static void main(String[] arguments) throws Exception {
        final List<String> all = List.of(arguments);
        final Config config = Config.fromKubeconfig(Files.readString(Path.of(all.getFirst())));
        try (ApiSource source = new ApiSource(ApiSource.connect(config), null, all.subList(2, all.size()))) {
            new NodeAgent(source, Path.of(all.get(1))).run(() -> false, _ -> System.out.println("weir runs"));
        }
    }
}
