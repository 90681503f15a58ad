package io.weir.agent.source;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The desired state: Kubernetes objects and weir's own settings, wherever they are written. Both kinds of source give the
 * same objects, so that everything behind them is the same. Called by the control thread, which it never keeps waiting
 * for a server.
 */
public sealed interface ClusterSource extends AutoCloseable permits ApiSource, DirectorySource {
    /** Whether {@link #load} can tell a whole state; false while a server has not told all of it for the first time. */
    boolean isComplete();

    /**
     * Tells where the source may keep what it knows for the next start. A source that needs no server keeps nothing.
     *
     * @param file outlives the process, and not the machine's run
     */
    default void keepIn(Path file) {}

    /** While not {@link #isComplete}: begins with what was kept if its server is away; false when there is nothing, or no need. */
    default boolean beginsWithKept() {
        return false;
    }

    /** This state of its own is in force now. */
    default void applied(ClusterState state) {}

    /** Objects that were kept and that the server has not confirmed since. */
    default int unconfirmed() {
        return 0;
    }

    /**
     * What is wanted now.
     *
     * @throws ConfigException when it can't be used
     */
    LoadedConfig load();

    /** Whether {@link #load} would tell something new that has settled. Does not wait; is told once. */
    boolean hasSettledChange(long nowNs) throws IOException;

    /**
     * Tries to go on without what could not be used: true when {@link #load} gives a state without it from now on, false
     * when the whole state stands or falls with it.
     */
    boolean leaveOut(ConfigException unusable);

    /** Whether every pod of the cluster is among the objects sooner or later; see {@code CniService}. */
    boolean knowsEveryPod();

    /** Whether changes are being heard of now. A source that is cut off still tells what it knew. */
    boolean isFollowing();

    /** Objects whose last version can't be used: the one before is in force, or none. */
    default int leftOut() {
        return 0;
    }

    /** How the API server is asked; null when there is none. */
    default @Nullable KubernetesClient client() {
        return null;
    }

    /** What it is, for messages: {@code the directory examples/two-pods}. */
    String description();

    @Override
    void close() throws IOException;
}
