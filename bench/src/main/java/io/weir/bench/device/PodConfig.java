package io.weir.bench.device;

/** The configuration of a node with two pods of both families, {@code client} and {@code server}. */
final class PodConfig {
    static final String CLIENT = "10.244.1.10";
    static final String SERVER = "10.244.1.11";

    private PodConfig() {}

    static String client(boolean ipv6) {
        return ipv6 ? "fd00:10:244:1::10" : CLIENT;
    }

    static String server(boolean ipv6) {
        return ipv6 ? "fd00:10:244:1::11" : SERVER;
    }

    static String of(BenchNamespaces net) {
        return """
                apiVersion: weir.io/v1alpha1
                kind: NodeConfig
                nodeName: bench
                nodeAddresses: [192.168.0.1, "fd00:192::1"]
                podCidrs: [10.244.1.0/24, "fd00:10:244:1::/64"]
                clusterCidrs: [10.244.0.0/16, "fd00:10:244::/48"]
                """ + pod(net, "client", client(false), client(true)) + pod(net, "server", server(false), server(true));
    }

    private static String pod(BenchNamespaces net, String name, String ipv4, String ipv6) {
        return """
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: default, annotations: {weir.io/netns: %s}}
                spec: {nodeName: bench}
                status: {podIPs: [{ip: %s}, {ip: "%s"}]}
                """.formatted(name, net.name(name), ipv4, ipv6);
    }
}
