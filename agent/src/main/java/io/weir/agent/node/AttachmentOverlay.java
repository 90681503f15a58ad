package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.weir.agent.cluster.ClusterState;
import io.weir.dataplane.wire.IpAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lays what the runtime attached over what the cluster says. A Pod object learns its address from the kubelet long after
 * its interface must work, so the node's own knowledge wins: policies and Services see the pod at once. Remembers the Pods
 * that it made, so that one that did not change stays the same object. Control thread only.
 */
public final class AttachmentOverlay {
    /** On a Pod that stands for one that the cluster has not told of. */
    private static final String PLACEHOLDER = "weir.io/placeholder";

    private record Made(@Nullable Pod from, Attachment attachment, Pod pod) {}

    private Map<String, Made> made = Map.of();
    private final NodeObjects objects = new NodeObjects();

    /** What the cluster's objects said of this node so far, for {@link LocalNode#of}. */
    public NodeObjects objects() {
        return objects;
    }

    /** The cluster with the attached pods in it, as pods of this node. */
    public ClusterState over(ClusterState cluster, String nodeName, Collection<Attachment> attachments) {
        if (attachments.isEmpty()) {
            made = Map.of();
            return cluster;
        }
        final ClusterState.Builder builder = cluster.toBuilder();
        final Map<String, Made> now = HashMap.newHashMap(attachments.size());
        for (final Attachment attachment : attachments) {
            final Pod known = cluster.pods().get(attachment.pod());
            final Made before = made.get(attachment.pod());
            final Made after = before != null && isSame(before, known, attachment)
                    ? before
                    : new Made(known, attachment, pod(known, nodeName, attachment));
            now.put(attachment.pod(), after);
            builder.put(after.pod);
        }
        made = now;
        return builder.build();
    }

    @SuppressWarnings("ReferenceEquality") // objects in a ClusterState never change
    private static boolean isSame(Made before, @Nullable Pod known, Attachment attachment) {
        return before.from == known && before.attachment.equals(attachment);
    }

    private static Pod pod(@Nullable Pod known, String nodeName, Attachment attachment) {
        final List<PodIP> addresses = attachment.addresses().stream()
                .map(IpAddress::toString)
                .map(PodIP::new)
                .toList();
        final PodBuilder builder = known == null ? new PodBuilder() : new PodBuilder(known);
        return builder.editOrNewMetadata()
                .withNamespace(attachment.podNamespace())
                .withName(attachment.podName())
                .addToAnnotations(known == null ? Map.of(PLACEHOLDER, "") : Map.of())
                .endMetadata()
                .editOrNewSpec()
                .withNodeName(nodeName)
                .endSpec()
                .editOrNewStatus()
                .withPodIP(addresses.getFirst().getIp())
                .withPodIPs(addresses)
                .endStatus()
                .build();
    }

    /** Made here for a pod that the runtime attached before its Pod object came. */
    static boolean isPlaceholder(Pod pod) {
        final Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return annotations != null && annotations.containsKey(PLACEHOLDER);
    }
}
