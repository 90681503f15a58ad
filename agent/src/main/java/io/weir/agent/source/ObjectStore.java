package io.weir.agent.source;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.ManifestCheck;
import io.weir.agent.config.ConfigException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The objects of an API server as its watches tell of them. A version of an object that can't be used does not come in:
 * the one before stays, or there is none. Watches write from their threads, the control thread reads.
 */
final class ObjectStore {
    private static final Logger LOGGER = LoggerFactory.getLogger(ObjectStore.class);

    /** A server that tells of a thousand objects tells of them in a row: they are taken over together. */
    private static final long QUIET_NS = 50_000_000L;

    /** One that never pauses is heard all the same. */
    private static final long PATIENCE_NS = 250_000_000L;

    private static final List<String> TAKEN_OFF =
            List.of("kubectl.kubernetes.io/last-applied-configuration", "weir.io/netns", "weir.io/interface");

    private final ClusterState.Builder objects = ClusterState.builder();
    private final Map<String, Unusable> unusable = new HashMap<>();

    /** What an earlier weir knew and the server has not told yet, by origin key. */
    private final Map<String, HasMetadata> unconfirmed = new HashMap<>();

    private final Set<String> listedKinds = new HashSet<>();
    private ClusterState told = ClusterState.EMPTY;
    private ClusterState toldBefore = ClusterState.EMPTY;
    private boolean isChanged;
    private long changedNs;
    private long lastNs;

    /**
     * A version of an object that is not in force.
     *
     * @param isDisputed it is good by itself, but not beside the others
     */
    private record Unusable(HasMetadata object, boolean isDisputed) {
        private boolean is(HasMetadata other) {
            final String version = object.getMetadata().getResourceVersion();
            return version != null && version.equals(other.getMetadata().getResourceVersion());
        }
    }

    /** Takes what an earlier weir kept for what the server has not told yet. */
    synchronized void begin(ClusterState kept) {
        final ClusterState known = objects.build();
        kept.all().filter(object -> !listedKinds.contains(object.getKind())).forEach(object -> {
            final String key = ClusterState.originKey(object);
            if (find(known, key) == null && !unusable.containsKey(key)) {
                objects.put(object);
                unconfirmed.put(key, object);
            }
        });
        changed();
    }

    /** The server has told all objects of a kind: what else was kept of it is gone. */
    synchronized void listed(String kind) {
        listedKinds.add(kind);
        final List<HasMetadata> gone = unconfirmed.values().stream()
                .filter(object -> object.getKind().equals(kind))
                .toList();
        gone.forEach(this::remove);
    }

    /** Objects that an earlier weir kept, in force until the server has told of their kind. */
    synchronized int unconfirmed() {
        return unconfirmed.size();
    }

    synchronized void put(HasMetadata object) {
        final String key = ClusterState.originKey(object);
        unconfirmed.remove(key);
        final Unusable before = unusable.get(key);
        if (before != null && before.is(object)) {
            return;
        }
        try {
            trim(object.getMetadata());
            ManifestCheck.check(object, told.originOf(object));
        } catch (final ConfigException e) {
            LOGGER.error("not used, the rest is: {}", e.getMessage());
            unusable.put(key, new Unusable(object, false));
            return;
        }
        unusable.remove(key);
        objects.put(object);
        changed();
    }

    synchronized void remove(HasMetadata object) {
        final String key = ClusterState.originKey(object);
        unconfirmed.remove(key);
        unusable.remove(key);
        objects.remove(object);
        reconsider();
        changed();
    }

    /** What disputed with something that is gone now may be right. */
    private void reconsider() {
        unusable.values().removeIf(each -> {
            if (each.isDisputed) {
                objects.put(each.object);
            }
            return each.isDisputed;
        });
    }

    /**
     * Takes off half of an object's bytes, which weir does not read, and the annotations that name a network namespace: who
     * may make a Pod may not choose among the namespaces of the node. The runtime says where a pod is.
     */
    private static void trim(ObjectMeta metadata) {
        metadata.setManagedFields(null);
        if (metadata.getAnnotations() != null) {
            TAKEN_OFF.forEach(metadata.getAnnotations()::remove);
        }
    }

    private void changed() {
        lastNs = System.nanoTime();
        if (!isChanged) {
            isChanged = true;
            changedNs = lastNs;
        }
    }

    synchronized boolean hasSettledChange(long nowNs) {
        return isChanged && (nowNs - lastNs >= QUIET_NS || nowNs - changedNs >= PATIENCE_NS);
    }

    /** All usable objects. */
    synchronized ClusterState state() {
        if (isChanged) {
            isChanged = false;
            toldBefore = told;
            told = objects.build();
        }
        return told;
    }

    /** The object of this origin key could not be used: the version that was used before stands in for it, or nothing. */
    synchronized boolean leaveOut(String key) {
        final HasMetadata object = find(told, key);
        if (object == null) {
            return false;
        }
        final HasMetadata before = find(toldBefore, key);
        unusable.put(key, new Unusable(object, true));
        if (Objects.equals(before, object) || before == null) {
            objects.remove(object);
        } else {
            objects.put(before);
        }
        told = objects.build(); // what was told before stays: it is what was used
        return true;
    }

    private static @Nullable HasMetadata find(ClusterState state, String key) {
        final int space = key.indexOf(' ');
        if (space < 0) {
            return null;
        }
        final String name = key.substring(space + 1);
        return switch (key.substring(0, space)) {
            case "Namespace" -> state.namespaces().get(name);
            case "Node" -> state.nodes().get(name);
            case "Pod" -> state.pods().get(name);
            case "Service" -> state.services().get(name);
            case "EndpointSlice" -> state.endpointSlices().get(name);
            case "NetworkPolicy" -> state.networkPolicies().get(name);
            case "ClusterNetworkPolicy" -> state.clusterNetworkPolicies().get(name);
            default -> null;
        };
    }

    synchronized int leftOut() {
        return unusable.size();
    }
}
