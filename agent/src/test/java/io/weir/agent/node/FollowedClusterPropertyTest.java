package io.weir.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.NodeConfigReader;
import io.weir.agent.config.Origin;
import io.weir.agent.policy.LocalView;
import io.weir.agent.policy.PolicyTranslator;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.spec.PolicySpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** Whoever looks at the differences between clusters only, sees what one sees who looks at the whole cluster. */
class FollowedClusterPropertyTest {
    private static final int NODES = 4;
    private static final NodeConfig CONFIG = NodeConfigReader.read(NodeConfigReader.EMPTY, List.of());

    private final PolicyTranslator translator = new PolicyTranslator();
    private final NodeObjects objects = new NodeObjects();
    private final StrayPods strays = new StrayPods();

    @Property(tries = 15)
    void followingIsLookingAnew(@ForAll long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        ClusterState cluster = ClusterState.EMPTY;
        LocalView local = LocalView.EVERYWHERE;
        String nodeName = "node-0";
        for (int step = 0; step < 100; step++) {
            final ClusterState.Builder builder = cluster.toBuilder();
            for (int edits = random.nextInt(4); edits >= 0; edits--) {
                final HasMetadata object = object(random);
                if (random.nextInt(3) == 0) {
                    builder.remove(object);
                } else {
                    builder.put(object);
                }
            }
            cluster = builder.build();
            if (random.nextInt(4) == 0) {
                nodeName = random.nextInt(6) == 0 ? "node-" + random.nextInt(NODES) : nodeName;
                local = view(random, nodeName);
            }
            assertThat(policies(translator, cluster, local))
                    .as("step %d", step)
                    .isEqualTo(policies(new PolicyTranslator(), cluster, local));
            assertThat(node(nodeName, cluster, objects).pods())
                    .isEqualTo(node(nodeName, cluster, new NodeObjects()).pods());
            assertThat(strays.of(cluster)).containsExactlyElementsOf(new StrayPods().of(cluster));
        }
    }

    /** Null when some policy is refused: the node goes on with what it had. */
    private static @Nullable PolicySpec policies(PolicyTranslator by, ClusterState cluster, LocalView local) {
        try {
            return by.translate(cluster, local);
        } catch (final ConfigException e) {
            return null;
        }
    }

    private static LocalNode node(String name, ClusterState cluster, NodeObjects known) {
        final LoadedConfig loaded = new LoadedConfig(cluster, CONFIG, Origin.of("test"), List.of());
        return LocalNode.of(name, loaded, cluster, List.of(), known);
    }

    private static LocalView view(SplittableRandom random, String nodeName) {
        final Map<String, List<IpAddress>> given = new HashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            given.put(
                    "x-" + random.nextInt(3) + "/pod-" + random.nextInt(20),
                    random.nextInt(4) == 0 ? List.of() : List.of(IpAddress.parse("10.9.0." + random.nextInt(9))));
        }
        return new LocalView(nodeName, Set.of(), given, Set.of(), random.nextBoolean());
    }

    private static HasMetadata object(SplittableRandom random) {
        return switch (random.nextInt(8)) {
            case 0 ->
                new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("x-" + random.nextInt(3))
                        .addToLabels("team", "t" + random.nextInt(2))
                        .endMetadata()
                        .build();
            case 1 ->
                new NodeBuilder()
                        .withNewMetadata()
                        .withName("node-" + random.nextInt(NODES))
                        .endMetadata()
                        .withNewSpec()
                        .withPodCIDRs("10.0." + random.nextInt(NODES) + ".0/24")
                        .endSpec()
                        .build();
            case 2, 3 ->
                new NetworkPolicyBuilder()
                        .withNewMetadata()
                        .withNamespace("x-" + random.nextInt(3))
                        .withName("p-" + random.nextInt(5))
                        .endMetadata()
                        .withNewSpec()
                        .withPolicyTypes(random.nextInt(12) == 0 ? "Sideways" : "Ingress")
                        .endSpec()
                        .build();
            default -> pod(random);
        };
    }

    private static HasMetadata pod(SplittableRandom random) {
        final int number = random.nextInt(20);
        final int namespace = random.nextInt(3);
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("x-" + namespace)
                .withName("pod-" + number)
                .addToLabels("app", "a" + random.nextInt(3))
                .endMetadata()
                .withNewSpec()
                .withNodeName(random.nextInt(8) == 0 ? null : "node-" + random.nextInt(NODES))
                .endSpec()
                .withNewStatus()
                .withPodIP("10.0." + random.nextInt(NODES) + "." + (1 + 20 * namespace + number))
                .withPhase(random.nextInt(6) == 0 ? "Succeeded" : "Running")
                .endStatus()
                .build();
    }
}
