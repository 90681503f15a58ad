package io.weir.agent.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.Origin;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks the fields of Pods, Nodes and EndpointSlices that hold addresses; other modules check their own kinds. */
public final class ManifestCheck {
    /** Names the network namespace in which a pod's interface is made. */
    public static final String NAMESPACE_ANNOTATION = "weir.io/netns";

    private ManifestCheck() {}

    /** Throws a {@link ConfigException} that names the first field that holds no address where there must be one. */
    public static void check(HasMetadata object, Origin origin) {
        switch (object) {
            case final Pod pod -> checkPod(pod, origin);
            case final Node node -> checkNode(node, origin);
            case final EndpointSlice slice -> checkSlice(slice, origin);
            default -> {
                // checked where it is translated
            }
        }
    }

    /**
     * What is wrong in a file that somebody wrote, and right in a cluster: there a pod may wait for its address.
     *
     * @throws ConfigException for a pod that asks for an interface and says no address
     */
    static void checkWritten(HasMetadata object, Origin origin) {
        if (object instanceof final Pod pod
                && pod.getMetadata().getAnnotations().containsKey(NAMESPACE_ANNOTATION)
                && (pod.getStatus() == null
                        || (pod.getStatus().getPodIP() == null
                                && pod.getStatus().getPodIPs().isEmpty()))) {
            throw new ConfigException(
                    origin,
                    "status.podIPs",
                    null,
                    "is missing; " + NAMESPACE_ANNOTATION + " asks for an interface, and an interface has an address");
        }
    }

    private static void checkPod(Pod pod, Origin origin) {
        if (pod.getStatus() == null) {
            return;
        }
        address(pod.getStatus().getPodIP(), "status.podIP", origin);
        final List<PodIP> addresses = pod.getStatus().getPodIPs();
        for (int i = 0; i < addresses.size(); i++) {
            address(addresses.get(i).getIp(), "status.podIPs[" + i + "].ip", origin);
        }
    }

    private static void checkNode(Node node, Origin origin) {
        if (node.getSpec() != null) {
            prefix(node.getSpec().getPodCIDR(), "spec.podCIDR", origin);
            final List<String> ranges = node.getSpec().getPodCIDRs();
            for (int i = 0; i < ranges.size(); i++) {
                prefix(ranges.get(i), "spec.podCIDRs[" + i + "]", origin);
            }
        }
        if (node.getStatus() != null) {
            final List<NodeAddress> addresses = node.getStatus().getAddresses();
            for (int i = 0; i < addresses.size(); i++) {
                final String type = String.valueOf(addresses.get(i).getType());
                if (type.equals("InternalIP") || type.equals("ExternalIP")) {
                    address(addresses.get(i).getAddress(), "status.addresses[" + i + "].address", origin);
                }
            }
        }
    }

    private static void checkSlice(EndpointSlice slice, Origin origin) {
        final String type = slice.getAddressType();
        if ("FQDN".equals(type)) {
            return;
        }
        if (!"IPv4".equals(type) && !"IPv6".equals(type)) {
            throw new ConfigException(origin, "addressType", type, "write IPv4, IPv6 or FQDN");
        }
        final List<Endpoint> endpoints = slice.getEndpoints();
        for (int i = 0; i < endpoints.size(); i++) {
            final List<String> addresses = endpoints.get(i).getAddresses();
            for (int j = 0; j < addresses.size(); j++) {
                final String field = "endpoints[" + i + "].addresses[" + j + "]";
                final IpAddress address = address(addresses.get(j), field, origin);
                if (address != null && address.isIpv4() != type.equals("IPv4")) {
                    throw new ConfigException(
                            origin, field, address, "the slice's addressType is " + type + "; write such an address");
                }
            }
        }
    }

    private static @Nullable IpAddress address(@Nullable String text, String field, Origin origin) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            return IpAddress.parse(text);
        } catch (final IllegalArgumentException e) {
            throw new ConfigException(origin, field, text, "write an IPv4 or IPv6 address");
        }
    }

    private static void prefix(@Nullable String text, String field, Origin origin) {
        if (text == null || text.isEmpty()) {
            return;
        }
        try {
            IpPrefix.parse(text);
        } catch (final IllegalArgumentException e) {
            throw new ConfigException(origin, field, text, "write a range like 10.244.1.0/24 or fd00:1::/64");
        }
    }
}
