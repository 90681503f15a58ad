package io.weir.agent.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The numbers of Services, as a node that serves some of them gives them to Prometheus. */
class ServiceMetricsTest {
    private static final String CONFIG = """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: node-1
            nodeAddresses: [192.168.0.1]
            podCidrs: [10.244.1.0/24]
            clusterCidrs: [10.244.0.0/16]
            serviceCidrs: [10.96.0.0/16]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client, namespace: default}
            spec: {nodeName: node-1}
            status: {podIPs: [{ip: 10.244.1.10}]}
            """;

    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: dns, namespace: default}
            spec:
              clusterIP: 10.96.0.9
              internalTrafficPolicy: %s
              ports: [{name: dns, protocol: UDP, port: 53, targetPort: 5353}]
            """;

    private static final String SLICE = """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata:
              name: dns-1
              namespace: default
              labels: {kubernetes.io/service-name: dns}
              annotations: {endpoints.kubernetes.io/last-change-trigger-time: "%s"}
            addressType: IPv4
            ports: [{name: dns, protocol: UDP, port: 5353}]
            endpoints:
            - {addresses: [10.244.%s], nodeName: %s, conditions: {ready: true}}
            - {addresses: [10.244.7.7], nodeName: node-7, conditions: {ready: false, serving: true, terminating: true}}
            """;

    @TempDir
    private Path directory;

    private static String page(PacketNode node) {
        final StringBuilder page = new StringBuilder();
        node.node.dataplane().appendServiceMetrics(page);
        return page.toString();
    }

    @Test
    void changesConnectionsAndMissingLocalEndpointsAreCounted() {
        PacketNode.write(directory, "node.yaml", CONFIG);
        PacketNode.write(directory, "service.yaml", SERVICE.formatted("Cluster"));
        PacketNode.write(directory, "slice.yaml", SLICE.formatted("nonsense", "1.20", "node-1"));
        try (PacketNode node = new PacketNode(directory, "node-1")) {
            node.in(
                    "10.244.1.10",
                    node.from("10.244.1.10", "10.96.0.9").udp(4000, 53).build());
            assertThat(page(node))
                    .contains("\nkubeproxy_sync_proxy_rules_duration_seconds_count 1\n")
                    .contains("kubeproxy_sync_proxy_rules_service_changes_total 1\n")
                    .contains("kubeproxy_sync_proxy_rules_endpoint_changes_total 1\n")
                    .contains("kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy=\"internal\"} 0\n")
                    .contains("kubeproxy_network_programming_duration_seconds_count 0\n")
                    .contains("cilium_services_events_total{action=\"add\"} 1\n")
                    .contains("port=\"dns\",family=\"IPv4\",state=\"ready\"} 1\n")
                    .contains("port=\"dns\",family=\"IPv4\",state=\"terminating\"} 1\n")
                    .contains(
                            "weir_service_new_connections_total{namespace=\"default\",service=\"dns\",port=\"dns\",family=\"IPv4\"} 1\n")
                    .contains(
                            "weir_service_connections{namespace=\"default\",service=\"dns\",port=\"dns\",family=\"IPv4\"} 1\n");

            PacketNode.write(directory, "service.yaml", SERVICE.formatted("Local"));
            PacketNode.write(
                    directory, "slice.yaml", SLICE.formatted(Instant.now().minusMillis(700), "2.20", "node-2"));
            node.apply();
            assertThat(page(node))
                    .contains("kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy=\"internal\"} 1\n")
                    .contains("kubeproxy_network_programming_duration_seconds_count 1\n")
                    .contains("kubeproxy_network_programming_duration_seconds_bucket{le=\"0.5\"} 0\n")
                    .contains("cilium_services_events_total{action=\"update\"} 1\n");
        }
    }

    @Test
    void everyLineIsOfTheTextFormat() {
        PacketNode.write(directory, "node.yaml", CONFIG);
        PacketNode.write(directory, "service.yaml", SERVICE.formatted("Cluster"));
        PacketNode.write(directory, "slice.yaml", SLICE.formatted("", "1.20", "node-1"));
        try (PacketNode node = new PacketNode(directory, "node-1")) {
            assertThat(page(node).lines())
                    .allMatch(line -> line.matches("# (HELP|TYPE) [a-z_]+ .+")
                            || line.matches("[a-z_]+(\\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*})? -?[0-9.]+"));
        }
    }
}
