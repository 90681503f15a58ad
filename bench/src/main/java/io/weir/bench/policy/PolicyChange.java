package io.weir.bench.policy;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.weir.agent.cluster.ClusterState;

/** A change of a {@link PolicyCluster}; the same over and over leaves it as large as it was, and admits the same packets. */
enum PolicyChange {
    POD_ADDED("a pod of another node added") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            return put(before, cluster.pod(newPod(cluster, number), "v0"));
        }
    },
    POD_REMOVED("a pod of another node removed") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            return remove(before, cluster.pod(newPod(cluster, number), "v0"));
        }
    },
    LABELS_OF_POD("labels of a pod of another node changed") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            return put(before, cluster.pod((100 * number + 1) % cluster.pods(), "w" + number));
        }
    },
    LABELS_OF_LOCAL_POD("labels of a pod of this node changed") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            return put(before, cluster.pod(100 * number % cluster.pods(), "w" + number));
        }
    },
    POLICY("a policy of any namespace changed") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            return put(before, cluster.policy((100 * number + 1) % cluster.policies(), number % 2 == 0));
        }
    },
    POLICY_OF_LOCAL_PODS("a policy of pods of this node changed") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            return put(before, cluster.policy(100 * number % cluster.policies(), number % 2 == 0));
        }
    },
    POLICY_REMOVED("a policy of any namespace removed") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            return remove(before, cluster.policy((100 * number + 1) % cluster.policies(), true));
        }
    },
    POLICY_ADDED("a policy of any namespace added") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            return put(before, cluster.policy((100 * number + 1) % cluster.policies(), true));
        }
    },
    LABELS_OF_NAMESPACE("labels of a namespace changed") {
        @Override
        ClusterState of(PolicyCluster cluster, ClusterState before, int number) {
            final int index = number % cluster.namespaces();
            return put(before, PolicyCluster.namespace(index, index + 7 * (1 + number / cluster.namespaces())));
        }
    };

    private final String sentence;

    PolicyChange(String sentence) {
        this.sentence = sentence;
    }

    String sentence() {
        return sentence;
    }

    /**
     * Makes it.
     *
     * @param number how many of this kind were made before
     */
    abstract ClusterState of(PolicyCluster cluster, ClusterState before, int number);

    private static int newPod(PolicyCluster cluster, int number) {
        return cluster.pods() + 100 * (number % 500) + 1;
    }

    private static ClusterState put(ClusterState before, HasMetadata object) {
        return before.toBuilder().put(object).build();
    }

    private static ClusterState remove(ClusterState before, HasMetadata object) {
        return before.toBuilder().remove(object).build();
    }
}
