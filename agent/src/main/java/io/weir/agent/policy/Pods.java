package io.weir.agent.policy;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.PodSpec;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What policy wants to know of a Pod. */
final class Pods {
    private Pods() {}

    /**
     * A pod that policy can be about.
     *
     * @param nodeName which node is this one; null for all
     * @param given    addresses that this node gave to the pod, or null
     * @return null for a pod without addresses of its own: on the host's network, finished, or not yet started
     */
    static @Nullable PodSpec spec(Pod pod, @Nullable String nodeName, @Nullable List<IpAddress> given) {
        if (pod.getSpec() == null || Boolean.TRUE.equals(pod.getSpec().getHostNetwork()) || isFinished(pod)) {
            return null;
        }
        final Set<IpAddress> addresses = new LinkedHashSet<>(given == null ? List.of() : given);
        if (given == null && pod.getStatus() != null) {
            add(addresses, pod.getStatus().getPodIP());
            for (final PodIP address : pod.getStatus().getPodIPs()) {
                add(addresses, address.getIp());
            }
        }
        if (addresses.isEmpty()) {
            return null;
        }
        final boolean local = given != null
                || nodeName == null
                || nodeName.equals(pod.getSpec().getNodeName());
        return new PodSpec(
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                labels(pod),
                List.copyOf(addresses),
                namedPorts(pod),
                local);
    }

    /** A finished pod's address may be another's by now. */
    private static boolean isFinished(Pod pod) {
        final String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    private static void add(Set<IpAddress> addresses, @Nullable String text) {
        final IpAddress address = addressOrNull(text);
        if (address != null) {
            addresses.add(address);
        }
    }

    /** Null for a host name, or for nothing. */
    static @Nullable IpAddress addressOrNull(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            return IpAddress.parse(text);
        } catch (final IllegalArgumentException e) {
            return null;
        }
    }

    static Map<String, String> labels(HasMetadata object) {
        final Map<String, String> labels = object.getMetadata().getLabels();
        return labels == null ? Map.of() : Map.copyOf(labels);
    }

    /** Of containers and of init containers that keep running beside them. */
    private static List<NamedPort> namedPorts(Pod pod) {
        final List<NamedPort> ports = new ArrayList<>();
        pod.getSpec().getContainers().forEach(container -> add(ports, container));
        pod.getSpec().getInitContainers().stream()
                .filter(container -> "Always".equals(container.getRestartPolicy()))
                .forEach(container -> add(ports, container));
        return ports;
    }

    private static void add(List<NamedPort> ports, Container container) {
        for (final ContainerPort port : container.getPorts()) {
            final Protocol protocol = protocol(port.getProtocol());
            if (port.getName() != null
                    && protocol != null
                    && port.getContainerPort() != null
                    && port.getContainerPort() >= 1
                    && port.getContainerPort() <= 0xFFFF) {
                ports.add(new NamedPort(port.getName(), protocol, port.getContainerPort()));
            }
        }
    }

    /** TCP when nothing is written; null when the word is unknown. */
    static @Nullable Protocol protocol(@Nullable String text) {
        return switch (text) {
            case null -> Protocol.TCP;
            case "TCP", "" -> Protocol.TCP;
            case "UDP" -> Protocol.UDP;
            case "SCTP" -> Protocol.SCTP;
            default -> null;
        };
    }
}
