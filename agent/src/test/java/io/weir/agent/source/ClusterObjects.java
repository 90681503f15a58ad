package io.weir.agent.source;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import java.util.List;
import java.util.stream.IntStream;

/** Objects of a made-up cluster, by numbers. */
final class ClusterObjects {
    static final List<String> SETTINGS = List.of(
            "nodeName=node-1",
            "tables.connections=1024",
            "tables.fragments=16",
            "tables.flows=1024",
            "tables.packets=512",
            "tables.bigPackets=16",
            "services.affinityClients=64",
            "clusterCidrs[0]=10.244.0.0/16",
            "serviceCidrs[0]=10.96.0.0/12");
    static final int NODES = 50;

    private ClusterObjects() {}

    static String podAddress(int number) {
        return "10.244." + (number >> 8) + "." + (number & 0xFF);
    }

    static Node node(int number) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName("node-" + number)
                .endMetadata()
                .withNewSpec()
                .withPodCIDRs("10.245." + number + ".0/24")
                .endSpec()
                .withNewStatus()
                .addNewAddress("192.168.0." + number, "InternalIP")
                .endStatus()
                .build();
    }

    static Namespace namespace(String name) {
        return new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("team", name)
                .endMetadata()
                .build();
    }

    /** On node (number mod 50) + 1, with the label tier of number mod 7 or the given one. */
    static Pod pod(int number, String tier) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("pod-" + number)
                .withNamespace("ns-" + number % 4)
                .addToLabels("tier", tier)
                .endMetadata()
                .withNewSpec()
                .withNodeName("node-" + (number % NODES + 1))
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .withPodIP(podAddress(number))
                .addNewPodIP(podAddress(number))
                .endStatus()
                .build();
    }

    static Pod pod(int number) {
        return pod(number, "t" + number % 7);
    }

    static Service service(int number, int port) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withName("svc-" + number)
                .withNamespace("ns-" + number % 4)
                .endMetadata()
                .withNewSpec()
                .withType("ClusterIP")
                .withClusterIP("10.96." + (number >> 8) + "." + (number & 0xFF))
                .withClusterIPs("10.96." + (number >> 8) + "." + (number & 0xFF))
                .withIpFamilies("IPv4")
                .addNewPort()
                .withName("http")
                .withPort(port)
                .withProtocol("TCP")
                .endPort()
                .endSpec()
                .build();
    }

    static EndpointSlice slice(int number, int... pods) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withName("svc-" + number + "-a")
                .withNamespace("ns-" + number % 4)
                .addToLabels("kubernetes.io/service-name", "svc-" + number)
                .endMetadata()
                .withAddressType("IPv4")
                .withEndpoints(IntStream.of(pods)
                        .mapToObj(pod -> new EndpointBuilder()
                                .withAddresses(podAddress(pod))
                                .withNodeName("node-" + (pod % NODES + 1))
                                .withNewConditions()
                                .withReady(true)
                                .endConditions()
                                .build())
                        .toList())
                .addNewPort()
                .withName("http")
                .withPort(8080)
                .withProtocol("TCP")
                .endPort()
                .build();
    }

    /** Pods of tier t1 in ns-N take port 80 from tier t2 alone. */
    static NetworkPolicy policy(int namespace, String from) {
        return new NetworkPolicyBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("ns-" + namespace)
                .endMetadata()
                .withNewSpec()
                .withNewPodSelector()
                .addToMatchLabels("tier", "t1")
                .endPodSelector()
                .withPolicyTypes("Ingress")
                .addNewIngress()
                .addNewFrom()
                .withNewNamespaceSelector()
                .endNamespaceSelector()
                .withNewPodSelector()
                .addToMatchLabels("tier", from)
                .endPodSelector()
                .endFrom()
                .addNewPort()
                .withProtocol("TCP")
                .withNewPort(80)
                .endPort()
                .endIngress()
                .endSpec()
                .build();
    }
}
