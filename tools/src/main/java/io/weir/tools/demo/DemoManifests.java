package io.weir.tools.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the demo's cluster consists of, as the manifests that an API server would give. */
final class DemoManifests {
    static final String ETCD = "172.31.9.100";
    static final String GATEWAY = "172.31.9.254";
    static final String GATEWAY6 = "fd00:31::254";
    static final String INTERNET = "198.51.100.10";
    static final String INTERNET6 = "2001:db8:100::10";
    static final String BALANCER = "203.0.113.10";
    static final String BALANCER6 = "2001:db8:203::10";
    static final String WEB = "10.96.0.10";
    static final String WEB6 = "fd00:96::10";
    static final String STICKY = "10.96.0.11";
    static final int NODE_PORT = 30_080;
    static final int POD_PORT = 8080;

    /** Two pods on each node: one that asks and one that serves. */
    static final List<DemoPod> PODS = List.of(
            new DemoPod("client", 1, 10, "client"),
            new DemoPod("web-1", 1, 11, "web"),
            new DemoPod("other", 2, 10, "other"),
            new DemoPod("web-2", 2, 11, "web"));

    private DemoManifests() {}

    /** A pod of the demo; its namespace has its name. */
    record DemoPod(String name, int node, int number, String app) {
        String address() {
            return "10.244." + node + "." + number;
        }

        String address6() {
            return "fd00:244:0:" + node + "::" + number;
        }
    }

    static DemoPod pod(String name) {
        return PODS.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    static String nodeAddress(int node) {
        return "172.31.9." + node;
    }

    static String nodeAddress6(int node) {
        return "fd00:31::" + node;
    }

    /** weir's own settings of a node. */
    static String node(int node, String directory) {
        return """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: node-%1$d
            serviceCidrs: [10.96.0.0/16, "fd00:96::/112"]
            ports:
              podMtu: 1450
              uplinks:
              - {device: up0, addresses: [172.31.9.%1$d/24, "fd00:31::%1$d/64"], gateways: [%2$s, "%3$s"]}
            tables: {connections: 65536, flows: 16384}
            flannel:
              enabled: true
              registry: etcd
              etcd: {endpoints: ["http://%4$s:2379"]}
              subnetFile: %5$s/subnet.env
              vtepMacFile: %5$s/vtep-mac
            """.formatted(node, GATEWAY, GATEWAY6, ETCD, directory);
    }

    /** As flannel leaves it: a node that comes back asks for the subnet that it had. */
    static String subnet(int node) {
        return """
            FLANNEL_NETWORK=10.244.0.0/16
            FLANNEL_SUBNET=10.244.%1$d.1/24
            FLANNEL_IPV6_NETWORK=fd00:244::/48
            FLANNEL_IPV6_SUBNET=fd00:244:0:%1$d::1/64
            FLANNEL_MTU=1450
            FLANNEL_IPMASQ=true
            """.formatted(node);
    }

    /** Nodes, pods, Services and their endpoints. */
    static String cluster(String prefix) {
        final List<String> documents = new ArrayList<>();
        for (int node = 1; node <= 2; node++) {
            documents.add("""
                apiVersion: v1
                kind: Node
                metadata: {name: node-%1$d}
                spec: {podCIDR: 10.244.%1$d.0/24, podCIDRs: [10.244.%1$d.0/24, "fd00:244:0:%1$d::/64"]}
                status: {addresses: [{type: InternalIP, address: %2$s}, {type: InternalIP, address: "%3$s"}]}
                """.formatted(node, nodeAddress(node), nodeAddress6(node)));
        }
        PODS.forEach(pod -> documents.add(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: default, labels: {app: %s}, annotations: {weir.io/netns: %s}}
                spec: {nodeName: node-%d}
                status: {phase: Running, podIPs: [{ip: %s}, {ip: "%s"}]}
                """.formatted(pod.name(), pod.app(), prefix + pod.name(), pod.node(), pod.address(), pod.address6())));
        documents.add(service("web", WEB, WEB6, """
                  type: LoadBalancer
                status: {loadBalancer: {ingress: [{ip: %s}, {ip: "%s"}]}}
                """.formatted(BALANCER, BALANCER6), ", nodePort: " + NODE_PORT));
        documents.add(service("sticky", STICKY, "fd00:96::11", """
                  sessionAffinity: ClientIP
                """, ""));
        for (final String service : List.of("web", "sticky")) {
            documents.add(slice(service, "IPv4"));
            documents.add(slice(service, "IPv6"));
        }
        return String.join("---\n", documents);
    }

    private static String service(String name, String address, String address6, String more, String nodePort) {
        return """
            apiVersion: v1
            kind: Service
            metadata: {name: %1$s, namespace: default}
            spec:
              clusterIP: %2$s
              clusterIPs: [%2$s, "%3$s"]
              ipFamilies: [IPv4, IPv6]
              selector: {app: web}
              ports: [{name: http, protocol: TCP, port: 80, targetPort: %4$d%5$s}]
            """.formatted(name, address, address6, POD_PORT, nodePort) + more;
    }

    private static String slice(String service, String family) {
        final StringBuilder text =
                new StringBuilder("""
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: %s-%s, namespace: default, labels: {kubernetes.io/service-name: %s}}
            addressType: %s
            ports: [{name: http, protocol: TCP, port: %d}]
            endpoints:
            """.formatted(service, family.toLowerCase(Locale.ROOT), service, family, POD_PORT));
        PODS.stream()
                .filter(pod -> pod.app().equals("web"))
                .forEach(pod -> text.append(
                        """
            - addresses: ["%s"]
              conditions: {ready: true, serving: true, terminating: false}
              nodeName: node-%d
              targetRef: {kind: Pod, namespace: default, name: %s}
            """.formatted(family.equals("IPv4") ? pod.address() : pod.address6(), pod.node(), pod.name())));
        return text.toString();
    }

    /** web-1 takes nothing any more but from pods with the label app=other. */
    static String policy() {
        return """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: only-other, namespace: default}
            spec:
              podSelector: {matchLabels: {app: web}}
              policyTypes: [Ingress]
              ingress: [{from: [{podSelector: {matchLabels: {app: other}}}]}]
            """;
    }

    /** A server that says who it is and who asks. */
    static String nginx(String name, String directory, String listen) {
        return """
            daemon off; user root; worker_processes 1; pid %1$s/%2$s.pid; error_log %1$s/%2$s.log;
            events {worker_connections 256;}
            http {
              access_log off; client_body_temp_path %1$s/%2$s.body; proxy_temp_path %1$s/%2$s.proxy;
              fastcgi_temp_path %1$s/%2$s.fastcgi; uwsgi_temp_path %1$s/%2$s.uwsgi; scgi_temp_path %1$s/%2$s.scgi;
              server {
                %3$s
                location / {default_type text/plain; return 200 "%2$s $remote_addr\\n";}
              }
            }
            """.formatted(directory, name, listen);
    }
}
