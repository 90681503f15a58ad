package io.weir.tools.run;

import io.weir.dataplane.linux.TopologyNamespaces;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A node with pods that run nginx, a client pod, and a host outside of the cluster. Services and EndpointSlices are written
 * as their controllers write them.
 */
final class ServiceRig implements AutoCloseable {
    static final String CLIENT = "client";
    static final String OUTSIDE = "outside";
    static final int TARGET_PORT = 8080;

    private static final String NODE = NodeRig.NODE + """
            serviceCidrs: [10.96.0.0/16, "fd00:96::/112"]
            ports:
              uplinks:
              - {name: uplink, device: up0, addresses: [192.168.7.1/24, "fd00:7::1/64"]}
            services: {nodePortAddresses: [192.168.7.0/24, "fd00:7::/64"]}
            """;

    final NodeRig rig = new NodeRig(NODE).pod(CLIENT, 10);
    private final Map<String, Process> servers = new HashMap<>();

    /** An endpoint's address is that of the pod of this number. */
    record Endpoint(String pod, int number, boolean ready, boolean terminating) {
        static Endpoint ready(int number) {
            return new Endpoint("web-" + number, number, true, false);
        }

        /** As kubelet and the EndpointSlice controller say it between deletion and end of a pod that still answers. */
        Endpoint terminates() {
            return new Endpoint(pod, number, false, true);
        }
    }

    ServiceRig() {
        rig.net.namespace(OUTSIDE);
        rig.net.veth("node", "up0", OUTSIDE, "eth0");
        rig.net.run(OUTSIDE, "ip", "address", "add", "192.168.7.2/24", "dev", "eth0");
        rig.net.run(OUTSIDE, "ip", "address", "add", "fd00:7::2/64", "dev", "eth0");
        rig.net.run(OUTSIDE, "ip", "route", "add", "default", "via", "192.168.7.1");
        rig.net.run(OUTSIDE, "ip", "-6", "route", "add", "default", "via", "fd00:7::1");
    }

    ServiceRig start() throws IOException {
        rig.start();
        return this;
    }

    /** A pod {@code web-NUMBER} whose nginx tells its name and who asks. */
    ServiceRig web(int number) {
        final String pod = "web-" + number;
        rig.pod(pod, number);
        final Path config = rig.directory.resolve(pod + ".conf");
        try {
            Files.writeString(config, """
                    daemon off; user root; worker_processes 1; pid %s/%s.pid; error_log /dev/null;
                    events {worker_connections 512;}
                    http {
                      access_log off; keepalive_requests 30;
                      server {
                        listen %d; listen [::]:%d;
                        location / {default_type text/plain; return 200 "%s $remote_addr\\n";}
                      }
                    }
                    """.formatted(rig.directory, pod, TARGET_PORT, TARGET_PORT, pod));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        servers.put(pod, rig.net.start(pod, "nginx", "-c", config.toString()));
        NodeRig.await(
                "nginx in " + pod,
                () -> rig.net
                                .tryRun(pod, "curl", "-s", "-m", "1", "http://127.0.0.1:" + TARGET_PORT)
                                .exitCode()
                        == 0);
        return this;
    }

    /** Ends a pod: its process, its attachment, its manifest. */
    void end(int number) {
        final Process server = servers.remove("web-" + number);
        if (server != null) {
            server.destroy();
        }
        remove("pod-web-" + number + ".yaml");
    }

    void remove(String file) {
        try {
            Files.delete(rig.config.resolve(file));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a Service; {@code more} are further lines of its spec, indented by two. */
    ServiceRig service(String name, int number, String protocol, int port, String more) {
        rig.write("service-" + name + ".yaml", """
            apiVersion: v1
            kind: Service
            metadata: {name: %s, namespace: default}
            spec:
              clusterIP: 10.96.0.%d
              clusterIPs: [10.96.0.%d, "fd00:96::%d"]
              ipFamilies: [IPv4, IPv6]
              ports: [{name: main, protocol: %s, port: %d, targetPort: %d, nodePort: %d}]
            %s
            """.formatted(
                name, number, number, number, protocol, port, TARGET_PORT, 30_000 + number, more.stripTrailing()));
        return this;
    }

    /** The lines of a Service of type LoadBalancer with the addresses 203.0.113.N and 2001:db8::N. */
    static String loadBalancer(int number) {
        return """
              type: LoadBalancer
            status: {loadBalancer: {ingress: [{ip: 203.0.113.%d}, {ip: "2001:db8::%d"}]}}
            """.formatted(number, number);
    }

    /** Writes both slices of a Service in one step, so that both families change at once. */
    ServiceRig endpoints(String service, String protocol, List<Endpoint> endpoints) {
        rig.write(
                "slices-" + service + ".yaml",
                slice(service, protocol, endpoints, "IPv4") + "---\n" + slice(service, protocol, endpoints, "IPv6"));
        return this;
    }

    private static String slice(String service, String protocol, List<Endpoint> endpoints, String family) {
        final StringBuilder text = new StringBuilder("""
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: %s-%s, namespace: default, labels: {kubernetes.io/service-name: %s}}
            addressType: %s
            ports: [{name: main, protocol: %s, port: %d}]
            endpoints:%s
            """.formatted(
                        service,
                        family.toLowerCase(java.util.Locale.ROOT),
                        service,
                        family,
                        protocol,
                        TARGET_PORT,
                        endpoints.isEmpty() ? " []" : ""));
        for (final Endpoint each : endpoints) {
            final String address = family.equals("IPv4")
                    ? "10.244.1." + each.number()
                    : "\"fd00:244:0:1::%x\"".formatted(each.number());
            text.append("""
                - addresses: [%s]
                  conditions: {ready: %s, serving: true, terminating: %s}
                  nodeName: node-1
                  targetRef: {kind: Pod, namespace: default, name: %s}
                """.formatted(address, each.ready(), each.terminating(), each.pod()));
        }
        return text.toString();
    }

    /** Runs an edit and waits until the node has applied it. */
    void edit(String what, Runnable edit) {
        final int applied = rig.loop().applied();
        edit.run();
        NodeRig.await(what, () -> rig.loop().applied() > applied);
    }

    /** What nginx answers, over a connection of its own: {@code POD SENDER}. */
    String curl(String from, String address, int port) {
        return rig.net
                .run(from, "curl", "-sS", "-m", "5", "http://" + bracketed(address) + ":" + port + "/")
                .strip();
    }

    /** The answers to several requests, each over a connection of its own, by one process. */
    List<String> curls(String from, String address, int port, int times) {
        final List<String> command = new ArrayList<>(List.of("curl", "-sS", "-m", "10", "-H", "Connection: close"));
        IntStream.range(0, times).forEach(_ -> command.add("http://" + bracketed(address) + ":" + port + "/"));
        return rig.net.run(from, command.toArray(String[]::new)).lines().toList();
    }

    static String bracketed(String address) {
        return address.indexOf(':') < 0 ? address : "[" + address + "]";
    }

    static void assumePrograms() {
        TopologyNamespaces.assumeProgram("nginx", "nginx-light");
        TopologyNamespaces.assumeProgram("curl", "curl");
        TopologyNamespaces.assumeProgram("wrk", "wrk");
    }

    @Override
    public void close() {
        servers.values().forEach(Process::destroy);
        rig.close();
    }
}
