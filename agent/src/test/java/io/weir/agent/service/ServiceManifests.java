package io.weir.agent.service;

/**
 * A node with a client pod and one dual-stack Service, in manifests: 10.96.0.9 and fd00:96::9, asked by 10.244.1.10 and
 * fd00:244:0:1::a.
 */
final class ServiceManifests {
    static final String CLIENT = "10.244.1.10";
    static final String CLIENT6 = "fd00:244:0:1::a";
    static final String VIP = "10.96.0.9";
    static final String VIP6 = "fd00:96::9";

    private ServiceManifests() {}

    /** The node, the pod and the Service {@code web}. */
    static String cluster(String protocol, int port, int targetPort) {
        return """
                apiVersion: weir.io/v1alpha1
                kind: NodeConfig
                nodeName: node-1
                nodeAddresses: [192.168.0.1, "fd00:192::1"]
                podCidrs: [10.244.1.0/24, "fd00:244:0:1::/64"]
                clusterCidrs: [10.244.0.0/16, "fd00:244::/48"]
                serviceCidrs: [10.96.0.0/16, "fd00:96::/112"]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: default}
                spec:
                  clusterIPs: [10.96.0.9, "fd00:96::9"]
                  ports: [{name: p, protocol: %s, port: %d, targetPort: %d}]
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: client, namespace: default}
                spec: {nodeName: node-1}
                status: {podIPs: [{ip: 10.244.1.10}, {ip: "fd00:244:0:1::a"}]}
                """.formatted(protocol, port, targetPort);
    }

    /** Both slices of the Service: ready endpoints 10.244.1.N and fd00:244:0:1::N on the node. */
    static String slices(String protocol, int targetPort, int... endpoints) {
        final StringBuilder text = new StringBuilder();
        for (final boolean ipv6 : new boolean[] {false, true}) {
            text.append(ipv6 ? "---\n" : "")
                    .append("""
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata: {name: web-%s, namespace: default, labels: {kubernetes.io/service-name: web}}
                    addressType: %s
                    ports: [{name: p, protocol: %s, port: %d}]
                    endpoints:
                    """.formatted(ipv6 ? "6" : "4", ipv6 ? "IPv6" : "IPv4", protocol, targetPort));
            for (final int endpoint : endpoints) {
                text.append("- {addresses: [\"")
                        .append(ipv6 ? "fd00:244:0:1::" : "10.244.1.")
                        .append(endpoint)
                        .append("\"], nodeName: node-1, conditions: {ready: true}}\n");
            }
        }
        return text.toString();
    }
}
