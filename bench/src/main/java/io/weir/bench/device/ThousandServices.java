package io.weir.bench.device;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.report.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A thousand Services with a pod behind them, of which one is asked: for weir as manifests, for the kernel as kube-proxy's rules in a
 * router between two veths.
 */
final class ThousandServices {
    static final int COUNT = 1000;

    /** In the middle: iptables looks through half of the rules for it. */
    private static final int ASKED = COUNT / 2;

    private ThousandServices() {}

    /**
     * A kernel that forwards.
     *
     * @param client  label of the namespace that asks
     * @param server  label of the namespace that answers
     * @param command how it was set up
     */
    record Router(Subject subject, String client, String server, String command) {}

    /** The cluster IP that is asked, at port 80. */
    static String address() {
        return KubeProxyRules.address(ASKED);
    }

    /**
     * What is added to {@link PodConfig}; the server is behind all of them.
     *
     * @param ports where it listens, each an endpoint
     */
    static String manifests(int... ports) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < COUNT; i++) {
            text.append("""
                    ---
                    apiVersion: v1
                    kind: Service
                    metadata: {name: web-%1$d, namespace: default}
                    spec: {clusterIP: %2$s, clusterIPs: [%2$s], ports: [{protocol: TCP, port: 80, targetPort: 8080}]}
                    """.formatted(i, KubeProxyRules.address(i)));
            for (final int port : ports) {
                text.append("""
                        ---
                        apiVersion: discovery.k8s.io/v1
                        kind: EndpointSlice
                        metadata: {name: web-%1$d-%2$d, namespace: default, labels: {kubernetes.io/service-name: web-%1$d}}
                        addressType: IPv4
                        ports: [{protocol: TCP, port: %2$d}]
                        endpoints: [{addresses: [%3$s], nodeName: bench}]
                        """.formatted(i, port, PodConfig.SERVER));
            }
        }
        return text.toString();
    }

    /**
     * Makes a client, a router with the Services and a server; empty, and said so, when the program or its rules can't be used.
     *
     * @param peer     {@link Subject#IPTABLES} or {@link Subject#NFTABLES}
     * @param scenario whose peer it is
     * @param ports    where the server listens, each an endpoint
     */
    static Optional<Router> router(BenchNamespaces net, Subject peer, String scenario, Recorder recorder, int... ports)
            throws IOException, InterruptedException {
        final boolean isNft = peer == Subject.NFTABLES;
        final String program = isNft ? "nft" : "iptables-restore";
        final Optional<String> missing = DeviceObstacle.find(program);
        if (missing.isPresent()) {
            recorder.skip(scenario, peer, missing.get());
            return Optional.empty();
        }
        final String prefix = peer.label();
        net.create(prefix + "-c");
        net.create(prefix + "-r");
        net.create(prefix + "-s");
        net.veth(prefix + "-c", "eth0", "10.1.0.2/24", prefix + "-r", "left", "10.1.0.1/24");
        net.veth(prefix + "-s", "eth0", RoutedVeths.SERVER + "/24", prefix + "-r", "right", "10.2.0.1/24");
        net.run(prefix + "-c", "ip", "route", "add", "default", "via", "10.1.0.1");
        net.run(prefix + "-s", "ip", "route", "add", "default", "via", "10.2.0.1");
        net.write(prefix + "-r", "ipv4/ip_forward", "1");
        final String[] endpoints = new String[ports.length];
        for (int i = 0; i < ports.length; i++) {
            endpoints[i] = RoutedVeths.SERVER + ":" + ports[i];
        }
        final KubeProxyRules rules = new KubeProxyRules(COUNT, "10.0.0.0/14", endpoints);
        final Path file = Files.createTempFile("weir-bench", ".rules");
        try {
            Files.writeString(file, isNft ? rules.nftables() : rules.iptables());
            if (isNft) {
                net.run(prefix + "-r", "nft", "-f", file.toString());
            } else {
                net.run(prefix + "-r", "iptables-restore", file.toString());
            }
        } catch (final IOException e) {
            recorder.skip(scenario, peer, "its rules are refused: " + e.getMessage());
            return Optional.empty();
        } finally {
            Files.delete(file);
        }
        final String version = net.run(prefix + "-r", isNft ? "nft" : "iptables", isNft ? "--version" : "-V")
                .strip();
        return Optional.of(
                new Router(peer, prefix + "-c", prefix + "-s", "two veths, kube-proxy's rules by " + version));
    }
}
