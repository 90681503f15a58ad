package io.weir.bench.device;

/** The configuration of a node with two pods, {@code client} and {@code server}. */
final class PodConfig {
    static final String CLIENT = "10.244.1.10";
    static final String SERVER = "10.244.1.11";

    private PodConfig() {}

    static String of(BenchNamespaces net) {
        return """
                apiVersion: weir.io/v1alpha1
                kind: NodeConfig
                nodeName: bench
                nodeAddresses: [192.168.0.1]
                podCidrs: [10.244.1.0/24]
                clusterCidrs: [10.244.0.0/16]
                """ + pod(net, "client", CLIENT) + pod(net, "server", SERVER);
    }

    private static String pod(BenchNamespaces net, String name, String address) {
        return """
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: default, annotations: {weir.io/netns: %s}}
                spec: {nodeName: bench}
                status: {podIPs: [{ip: %s}]}
                """.formatted(name, net.name(name), address);
    }
}
