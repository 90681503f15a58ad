package io.weir.agent.service;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketField.dstPort;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.service.PacketNode.Sent;
import io.weir.dataplane.wire.PacketAssert;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Three whole nodes: what one sends into its tunnel is let in at the other's uplink. */
abstract class DirectReturnNodes {
    static final String CLIENT = "198.51.100.7";
    static final String CLIENT6 = "2001:db8:7::7";

    @TempDir
    Path directory;

    @SuppressWarnings("NullAway.Init") // by start()
    PacketNode a;

    @SuppressWarnings("NullAway.Init")
    PacketNode b;

    @SuppressWarnings("NullAway.Init")
    PacketNode c;

    /** Writes the cluster and starts its nodes. */
    void start(boolean isOn, boolean isAnnotated, String metadata, String spec, int... endpoints) {
        PacketNode.write(directory, "node.yaml", nodeConfig(isOn));
        nodes(isAnnotated);
        PacketNode.write(directory, "service.yaml", service(metadata, spec));
        endpoints(endpoints);
        a = new PacketNode(directory, "a");
        b = new PacketNode(directory, "b");
        c = new PacketNode(directory, "c");
    }

    void start() {
        start(true, true, "", "", 2);
    }

    void nodes(boolean isAnnotated) {
        final StringBuilder text = new StringBuilder();
        for (int node = 1; node <= 3; node++) {
            final String value = "weir.io/direct-server-return: \"192.168.0." + node + ",fd00:192::" + node + "\"";
            text.append(node("abc".substring(node - 1, node), node, isAnnotated ? value : ""));
        }
        PacketNode.write(directory, "nodes.yaml", text.substring(4));
    }

    /** One ready endpoint of both families on each of these nodes: 10.244.N.21 and fd00:244:0:N::21. */
    void endpoints(int... nodes) {
        final StringBuilder text = new StringBuilder();
        for (final boolean ipv6 : new boolean[] {false, true}) {
            text.append("""
                    ---
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata: {name: web-%s, namespace: default, labels: {kubernetes.io/service-name: web}}
                    addressType: %s
                    ports: [{name: t, protocol: TCP, port: 8080}, {name: u, protocol: UDP, port: 8080}]
                    endpoints:
                    """.formatted(ipv6 ? "6" : "4", ipv6 ? "IPv6" : "IPv4"));
            for (final int node : nodes) {
                text.append("- {addresses: [\"%s\"], nodeName: %s}%n"
                        .formatted(pod(node, ipv6), "abc".substring(node - 1, node)));
            }
            if (nodes.length == 0) {
                text.append("  []\n");
            }
        }
        PacketNode.write(directory, "slices.yaml", text.substring(4));
    }

    static String pod(int node, boolean ipv6) {
        return (ipv6 ? "fd00:244:0:%d::21" : "10.244.%d.21").formatted(node);
    }

    static boolean isIpv6(String address) {
        return address.indexOf(':') >= 0;
    }

    @AfterEach
    void stop() {
        for (final PacketNode node : new PacketNode[] {a, b, c}) {
            if (node != null) {
                node.close();
            }
        }
    }

    // ---- between the nodes ------------------------------------------------------------------------------------------

    /** Lets the only frame that one node sent into its tunnel in at the other's uplink. */
    static List<Sent> through(List<Sent> sent, PacketNode to) {
        assertThat(sent).hasSize(1);
        return to.inByUplink(sent.getFirst().frame());
    }

    static PacketAssert inner(List<Sent> sent, boolean ipv6) {
        assertThat(sent).hasSize(1);
        return ipv6
                ? assertPacket(sent.getFirst().frame())
                        .ethernet()
                        .ipv6()
                        .udp(dstPort(8472))
                        .vxlan()
                        .ethernet()
                : assertPacket(sent.getFirst().frame())
                        .ethernet()
                        .ipv4()
                        .udp(dstPort(8472))
                        .vxlan()
                        .ethernet();
    }

    static byte[] outer(Sent sent) {
        return sent.frame();
    }

    static List<Sent> send(PacketNode node, String from, String to, UnaryOperator<PacketBuilder> more) {
        return node.in(from, more.apply(node.from(from, to)).build());
    }

    private static String nodeConfig(boolean isOn) {
        return """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            clusterCidrs: [10.244.0.0/16, "fd00:244::/48"]
            serviceCidrs: [10.96.0.0/16, "fd00:96::/112"]
            flannel: {enabled: true}
            services: {directServerReturn: %s}
            """.formatted(isOn);
    }

    private static String node(String name, int number, String annotations) {
        return """
            ---
            apiVersion: v1
            kind: Node
            metadata: {name: %1$s, annotations: {%3$s}}
            spec: {podCIDRs: [10.244.%2$d.0/24, "fd00:244:0:%2$d::/64"]}
            status: {addresses: [{type: InternalIP, address: 192.168.0.%2$d}, {type: InternalIP, address: "fd00:192::%2$d"}]}
            """.formatted(name, number, annotations);
    }

    private static String service(String metadata, String spec) {
        return """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default%1$s}
            spec:
              type: LoadBalancer
              clusterIPs: [10.96.0.9, "fd00:96::9"]
              externalIPs: [192.0.2.9, "2001:db8:9::9"]
              ports:
              - {name: t, protocol: TCP, port: 80, targetPort: 8080, nodePort: 30080}
              - {name: u, protocol: UDP, port: 80, targetPort: 8080, nodePort: 30081}
            %2$s
            status: {loadBalancer: {ingress: [{ip: 203.0.113.9}, {ip: "2001:db8:8::9"}]}}
            """.formatted(metadata, spec);
    }
}
