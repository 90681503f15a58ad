package io.weir.agent.source;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.NodeConfigReader;
import io.weir.agent.config.Origin;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kubernetes objects from an API server, by a list and a watch of each kind. While the server is away or slow the objects
 * stay what they were, and when it is back its lists tell the difference: an object that went meanwhile goes, too. weir's
 * own settings come from a directory or the command line as ever.
 *
 * <p>A weir that starts while the server is away begins with the state that was in force last, see {@link KeptState}; the lists
 * correct it kind by kind.
 */
public final class ApiSource implements ClusterSource {
    private static final Logger LOGGER = LoggerFactory.getLogger(ApiSource.class);
    private static final long STOP_S = 1;

    /** A server that has not listed everything within this time counts as away: pods wait for their packets. */
    private static final long AWAY_NS = 1_000_000_000L;

    /** A list of everything in a large cluster takes its time. */
    private static final int REQUEST_TIMEOUT_MS = 60_000;

    private static final int CONNECT_TIMEOUT_MS = 5_000;

    /** Between attempts to list and to watch; the client doubles it up to 32 times this while the server is away. */
    private static final int RECONNECT_MS = 200;

    static final ResourceDefinitionContext CLUSTER_NETWORK_POLICY = new ResourceDefinitionContext.Builder()
            .withGroup("policy.networking.k8s.io")
            .withVersion("v1alpha2")
            .withKind("ClusterNetworkPolicy")
            .withPlural("clusternetworkpolicies")
            .withNamespaced(false)
            .build();

    private final KubernetesClient client;
    private final @Nullable DirectorySource own;
    private final List<String> settings;
    private final ObjectStore objects = new ObjectStore();
    private final List<Followed<?>> followed = new ArrayList<>();
    private final long startedNs = System.nanoTime();
    private @Nullable KeptState kept;
    private @Nullable ClusterState keptLast;
    private boolean wasKeptRead;
    private boolean wasFollowing = true;
    private volatile boolean isClosing;

    /**
     * Begins to list and to watch; returns at once.
     *
     * @param client   of the API server; closed with this
     * @param own      where weir's own settings are written; null when the command line has them all. Closed with this.
     * @param settings {@code path=value} overrides, used when there is no directory
     */
    public ApiSource(KubernetesClient client, @Nullable DirectorySource own, List<String> settings) {
        this.client = client;
        this.own = own;
        this.settings = List.copyOf(settings);
        follow("namespaces", "Namespace", client.namespaces(), false);
        follow("nodes", "Node", client.nodes(), false);
        follow("pods", "Pod", client.pods().inAnyNamespace(), false);
        follow("services", "Service", client.services().inAnyNamespace(), false);
        follow(
                "endpointslices",
                "EndpointSlice",
                client.discovery().v1().endpointSlices().inAnyNamespace(),
                false);
        follow(
                "networkpolicies",
                "NetworkPolicy",
                client.network().v1().networkPolicies().inAnyNamespace(),
                false);
        follow(
                "clusternetworkpolicies",
                "ClusterNetworkPolicy",
                client.genericKubernetesResources(CLUSTER_NETWORK_POLICY),
                true);
    }

    /** A client as a source needs it: a request that fails says so at once, because the source itself tries again. */
    public static KubernetesClient connect(Config config) {
        config.setRequestTimeout(REQUEST_TIMEOUT_MS);
        config.setConnectionTimeout(CONNECT_TIMEOUT_MS);
        config.setRequestRetryBackoffLimit(0);
        config.setWatchReconnectInterval(RECONNECT_MS);
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    private <T extends HasMetadata> void follow(String plural, String kind, Informable<T> objects, boolean isOptional) {
        followed.add(new Followed<>(plural, kind, objects.runnableInformer(0), isOptional));
    }

    /** One kind of objects: how far it is known. */
    private final class Followed<T extends HasMetadata> implements ResourceEventHandler<T> {
        private final String plural;
        private final String kind;
        private final SharedIndexInformer<T> informer;
        private final boolean isOptional;
        private volatile boolean isListed;
        private volatile boolean isAbsent;
        private volatile @Nullable String trouble;

        Followed(String plural, String kind, SharedIndexInformer<T> informer, boolean isOptional) {
            this.plural = plural;
            this.kind = kind;
            this.informer = informer;
            this.isOptional = isOptional;
            informer.exceptionHandler((_, problem) -> retry(problem));
            informer.addEventHandler(this);
            informer.start().whenComplete((_, problem) -> {
                if (problem != null) {
                    LOGGER.debug("the watch of {} ended: {}", plural, problem.getMessage());
                }
            });
        }

        /** Tells of a trouble once, and always goes on: whatever is wrong with the server may be right tomorrow. */
        private boolean retry(Throwable thrown) {
            if (isClosing) {
                return false;
            }
            final Throwable problem =
                    thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
            final String sentence =
                    String.valueOf(problem.getMessage()).lines().findFirst().orElse("");
            if (isOptional
                    && problem instanceof final KubernetesClientException refusal
                    && (refusal.getCode() == HttpURLConnection.HTTP_NOT_FOUND
                            || refusal.getCode() == HttpURLConnection.HTTP_FORBIDDEN)) {
                if (!isAbsent) {
                    LOGGER.info("the API server has no {} for weir ({}); going on without", plural, sentence);
                }
                objects.listed(kind);
                isAbsent = true;
            } else if (!sentence.equals(trouble)) {
                LOGGER.warn("{}: {}; what is known stays in force, trying again", plural, sentence);
                trouble = sentence;
            }
            return true;
        }

        boolean isKnown() {
            return isListed || isAbsent;
        }

        boolean isInTrouble() {
            return trouble != null;
        }

        boolean isWatched() {
            return isAbsent || informer.isWatching();
        }

        @Override
        public void onList(String resourceVersion, boolean remainedEmpty) {
            objects.listed(kind);
            isListed = true;
            isAbsent = false;
            if (trouble != null) {
                trouble = null;
                LOGGER.info("{}: listed again", plural);
            }
        }

        @Override
        public void onAdd(T object) {
            objects.put(typed(object));
        }

        @Override
        public void onUpdate(T before, T object) {
            objects.put(typed(object));
        }

        @Override
        public void onDelete(T object, boolean isFinalStateUnknown) {
            objects.remove(typed(object));
        }

        /** Items of a list of custom resources need not say their kind. */
        private HasMetadata typed(T object) {
            if (isOptional && object.getKind() == null && object instanceof final GenericKubernetesResource resource) {
                resource.setKind(kind);
            }
            return object;
        }
    }

    @Override
    public boolean isComplete() {
        return followed.stream().allMatch(Followed::isKnown);
    }

    @Override
    public void keepIn(Path file) {
        kept = new KeptState(file);
    }

    @Override
    public boolean beginsWithKept() {
        final boolean isAway =
                followed.stream().anyMatch(Followed::isInTrouble) || System.nanoTime() - startedNs >= AWAY_NS;
        if (kept == null || wasKeptRead || !isAway) {
            return false;
        }
        wasKeptRead = true;
        final KeptState.Kept before = kept.read();
        if (before == null) {
            return false;
        }
        LOGGER.warn(
                "{} is away: beginning with what an earlier weir knew at {}, until its lists come",
                description(),
                before.written());
        objects.begin(before.state());
        return true;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the same value again needs no writing
    public void applied(ClusterState state) {
        if (kept != null && state != keptLast) {
            keptLast = state;
            kept.keep(state);
        }
    }

    @Override
    public int unconfirmed() {
        return objects.unconfirmed();
    }

    @Override
    public LoadedConfig load() {
        final LoadedConfig mine = own();
        return new LoadedConfig(objects.state(), mine.node(), mine.nodeOrigin(), mine.warnings());
    }

    private LoadedConfig own() {
        if (own == null) {
            final NodeConfig node = NodeConfigReader.read(NodeConfigReader.EMPTY, settings);
            return new LoadedConfig(ClusterState.EMPTY, node, Origin.of("the command line"), List.of());
        }
        final LoadedConfig mine = own.load();
        if (!mine.cluster().equals(ClusterState.EMPTY)) {
            throw new ConfigException(
                    Origin.of(own.description()),
                    "",
                    null,
                    "holds Kubernetes objects, but these come from the API server; leave a NodeConfig only");
        }
        return mine;
    }

    @Override
    public boolean hasSettledChange(long nowNs) throws IOException {
        tellOfFollowing();
        final boolean isOwnChanged = own != null && own.hasSettledChange(nowNs);
        return objects.hasSettledChange(nowNs) || isOwnChanged;
    }

    private void tellOfFollowing() {
        final boolean isFollowing = isFollowing();
        if (isFollowing != wasFollowing) {
            wasFollowing = isFollowing;
            if (isFollowing) {
                LOGGER.info("following {} again", description());
            } else {
                LOGGER.warn("cut off from {}; forwarding goes on with what is known", description());
            }
        }
    }

    @Override
    public boolean leaveOut(ConfigException unusable) {
        return objects.leaveOut(unusable.origin().place());
    }

    @Override
    public boolean knowsEveryPod() {
        return true;
    }

    @Override
    public boolean isFollowing() {
        return followed.stream().allMatch(Followed::isWatched);
    }

    @Override
    public KubernetesClient client() {
        return client;
    }

    @Override
    public String description() {
        return "the API server " + client.getMasterUrl();
    }

    @Override
    public int leftOut() {
        return objects.leftOut();
    }

    @Override
    public void close() throws IOException {
        isClosing = true;
        if (kept != null) {
            kept.close();
        }
        followed.forEach(each -> each.informer.stop());
        for (final Followed<?> each : followed) {
            try {
                each.informer.stopped().toCompletableFuture().get(STOP_S, TimeUnit.SECONDS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (final ExecutionException | TimeoutException e) {
                LOGGER.debug("stopping the watch of {}: {}", each.plural, e.getMessage());
            }
        }
        client.close();
        if (own != null) {
            own.close();
        }
    }
}
