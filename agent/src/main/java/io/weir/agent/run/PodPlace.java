package io.weir.agent.run;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.weir.agent.cluster.ManifestCheck;
import io.weir.agent.node.Attachment;
import io.weir.agent.node.LocalPod;
import io.weir.dataplane.linux.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where a pod is attached, as the runtime or its annotations say.
 *
 * @param namespace     {@code weir.io/netns}: the name of a network namespace, its path, or a process in it
 * @param interfaceName {@code weir.io/interface}: what the pod's interface is called; {@code eth0} without it
 */
record PodPlace(String namespace, String interfaceName) {
    static final String NAMESPACE_ANNOTATION = ManifestCheck.NAMESPACE_ANNOTATION;
    static final String INTERFACE_ANNOTATION = "weir.io/interface";

    /** Empty for a pod that the runtime did not attach and that has no annotation: somebody else attaches it. */
    static Optional<PodPlace> of(LocalPod pod) {
        final Attachment attachment = pod.attachment();
        if (attachment != null) {
            return Optional.of(new PodPlace(attachment.namespace(), attachment.interfaceName()));
        }
        final ObjectMeta metadata = pod.pod() == null ? null : pod.pod().getMetadata();
        if (metadata == null || metadata.getAnnotations() == null) {
            return Optional.empty();
        }
        final Map<String, String> annotations = metadata.getAnnotations();
        final String namespace = annotations.get(NAMESPACE_ANNOTATION);
        return namespace == null
                ? Optional.empty()
                : Optional.of(new PodPlace(namespace, annotations.getOrDefault(INTERFACE_ANNOTATION, "eth0")));
    }

    /**
     * Something that differs from that of any other place, also of a namespace that has the same name later; empty when the
     * namespace is not there.
     */
    Optional<String> identity() {
        final Path path;
        if (namespace.chars().allMatch(c -> c >= '0' && c <= '9')) {
            path = Path.of("/proc", namespace, "ns", "net");
        } else {
            path = namespace.indexOf('/') >= 0 ? Path.of(namespace) : NetworkNamespace.FOLDER.resolve(namespace);
        }
        try {
            return Optional.of(Files.getAttribute(path, "unix:ino") + "/" + interfaceName);
        } catch (final IOException e) {
            return Optional.empty();
        }
    }
}
