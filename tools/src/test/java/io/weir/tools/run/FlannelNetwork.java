package io.weir.tools.run;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.tools.Weir;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A flannel network of three nodes on one switch, with etcd beside them, each in a network namespace:
 *
 * <pre>
 *  node  underlay                       pods                                          who
 *  1     192.168.77.1    fd01:77::1     pod1 10.244.1.5, pod1b 10.244.1.6, ...::5     the process weir run
 *  2     192.168.77.2    fd01:77::2     pod2 10.244.2.5          fd00:244:0:2::5      Linux, programmed as flanneld does
 *  3     192.168.77.3    fd01:77::3     pod3 10.244.3.5          fd00:244:0:3::5      the process weir run
 *  etcd  192.168.77.100
 * </pre>
 *
 * <p>The weir nodes reach etcd as all else: by their own dataplane.
 */
final class FlannelNetwork implements AutoCloseable {
    static final String KERNEL_MAC = "c6:bf:7f:00:00:02";
    static final String KERNEL_MAC6 = "c6:bf:7f:00:06:02";
    static final String KERNEL_KEY = "subnets/10.244.2.0-24&fd00:244:0:2::-64";
    static final String PREFIX = "/coreos.com/network/";

    final TopologyNamespaces net = TopologyNamespaces.create();
    final Path directory;
    private final Map<String, NetworkNamespace> open = new HashMap<>();
    private final Map<Integer, JavaProcess> running = new TreeMap<>();
    private @Nullable Process etcd;

    FlannelNetwork() {
        try {
            directory = Files.createTempDirectory("weir-flannel");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        net.namespace("switch");
        net.run("switch", "sh", "-c", "ip link add br0 type bridge && ip link set br0 up");
        for (final String host : List.of("node1", "node2", "node3", "etcd")) {
            net.namespace(host);
            net.veth(host, "up0", "switch", "to-" + host);
            net.run("switch", "ip", "link", "set", "to-" + host, "master", "br0");
        }
        for (final String pod : List.of("pod1", "pod1b", "pod2", "pod3")) {
            net.namespace(pod);
        }
        // node 1 has its addresses in the kernel, from which weir takes them; node 3 has them from weir alone
        net.run(
                "node1",
                "sh",
                "-ec",
                "ip address add 192.168.77.1/24 dev up0; ip address add fd01:77::1/64 dev up0 nodad");
        net.run("etcd", "ip", "address", "add", "192.168.77.100/24", "dev", "up0");
    }

    static String pod(int node) {
        return "10.244." + node + ".5";
    }

    static String pod6(int node) {
        return "fd00:244:0:" + node + "::5";
    }

    NetworkNamespace namespace(String label) {
        return open.computeIfAbsent(label, each -> NetworkNamespace.named(net.name(each)));
    }

    // ---- etcd -------------------------------------------------------------------------------------------------------

    void startEtcd() {
        etcd = net.start(
                "etcd",
                "sh",
                "-c",
                "exec etcd --name=test --data-dir=" + directory.resolve("etcd")
                        + " --listen-client-urls=http://0.0.0.0:2379 --advertise-client-urls=http://192.168.77.100:2379"
                        + " --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380"
                        + " --initial-cluster=test=http://127.0.0.1:2380 --heartbeat-interval=50 --election-timeout=250 >> "
                        + directory.resolve("etcd.log") + " 2>&1");
        await("etcd", () -> net.tryRun("etcd", "etcdctl", "get", "ready").exitCode() == 0);
    }

    void stopEtcd() {
        final Process ending = etcd;
        if (ending == null) {
            return;
        }
        ending.destroyForcibly(); // ip netns exec and sh replace themselves, so the process is the program
        try {
            if (!ending.waitFor(20, TimeUnit.SECONDS)) {
                throw new AssertionError("it does not end");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    String etcdctl(String... arguments) {
        final List<String> command = new ArrayList<>(List.of("env", "ETCDCTL_API=3", "etcdctl"));
        command.addAll(List.of(arguments));
        return net.run("etcd", command.toArray(String[]::new));
    }

    void config(String moreOfBackend) {
        etcdctl(
                "put",
                PREFIX + "config",
                "{\"Network\":\"10.244.0.0/16\",\"EnableIPv6\":true,\"IPv6Network\":\"fd00:244::/48\","
                        + "\"Backend\":{\"Type\":\"vxlan\"" + moreOfBackend + "}}");
    }

    /** As flanneld does: with an etcd lease. */
    void putLeased(String key, String value) {
        final String lease = etcdctl("lease", "grant", "3600").split(" ", -1)[1];
        etcdctl("put", "--lease=" + lease, PREFIX + key, value);
    }

    /** What flanneld publishes for node 2. */
    static String kernelLease(String publicIp) {
        return lease(publicIp, "fd01:77::2", KERNEL_MAC, KERNEL_MAC6);
    }

    static String lease(String publicIp, String publicIpv6, String mac, String mac6) {
        return "{\"PublicIP\":\"" + publicIp + "\",\"PublicIPv6\":\"" + publicIpv6 + "\",\"BackendType\":\"vxlan\","
                + "\"BackendData\":{\"VNI\":1,\"VtepMAC\":\"" + mac + "\"},"
                + "\"BackendV6Data\":{\"VNI\":1,\"VtepMAC\":\"" + mac6 + "\"}}";
    }

    // ---- weir -------------------------------------------------------------------------------------------------------

    Path folder(int node) {
        return directory.resolve("node" + node);
    }

    /** Writes the node's configuration, and the subnet file of an earlier run, so that it has a known subnet. */
    void configure(int node, String more) {
        try {
            final Path config = Files.createDirectories(folder(node).resolve("config"));
            write(config.resolve("node.yaml"), """
                    apiVersion: weir.io/v1alpha1
                    kind: NodeConfig
                    nodeName: node-%1$d
                    nodeAddresses: [192.168.77.%1$d, "fd01:77::%1$d"]
                    ports: {uplinks: [{device: up0, addresses: [192.168.77.%1$d/24, "fd01:77::%1$d/64"]}]}
                    flannel:
                      enabled: true
                      registry: etcd
                      etcd: {endpoints: ["http://192.168.77.100:2379"]}
                      subnetFile: %2$s/subnet.env
                      vtepMacFile: %2$s/vtep-mac
                    """.formatted(node, folder(node)) + more);
            pod(config, node, "pod" + node, 5);
            if (node == 1) {
                pod(config, node, "pod1b", 6);
            }
            Files.writeString(folder(node).resolve("subnet.env"), """
                    FLANNEL_NETWORK=10.244.0.0/16
                    FLANNEL_SUBNET=10.244.%1$d.1/24
                    FLANNEL_IPV6_NETWORK=fd00:244::/48
                    FLANNEL_IPV6_SUBNET=fd00:244:0:%1$d::1/64
                    FLANNEL_MTU=1450
                    FLANNEL_IPMASQ=true
                    """.formatted(node));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void pod(Path config, int node, String name, int number) throws IOException {
        write(config.resolve(name + ".yaml"), """
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s, namespace: default, annotations: {weir.io/netns: %2$s}}
                spec: {nodeName: node-%3$d}
                status: {podIPs: [{ip: 10.244.%3$d.%4$d}, {ip: "fd00:244:0:%3$d::%4$d"}]}
                """.formatted(name, net.name(name), node, number));
    }

    void write(Path file, String text) throws IOException {
        final Path draft = directory.resolve("draft");
        Files.writeString(draft, text);
        Files.move(draft, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    /** Starts the process; what it prints is in {@link #output}. */
    void launch(int node, String... settings) {
        final List<String> arguments = new ArrayList<>(List.of(
                "run",
                "--config",
                folder(node).resolve("config").toString(),
                "--run-dir",
                folder(node).resolve("run").toString()));
        for (final String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        running.put(
                node,
                JavaProcess.start(
                        net,
                        "node" + node,
                        JavaProcess.command(
                                List.of("-Xmx512m", "-Dagrona.disable.bounds.checks=true"),
                                Weir.class,
                                arguments.toArray(String[]::new))));
    }

    /** Starts weir and waits until it is a member and knows the other nodes. */
    void start(int node, String... settings) {
        launch(node, settings);
        awaitOutput(node, "ways to other nodes' pods");
    }

    String output(int node) {
        return weir(node).text();
    }

    void awaitOutput(int node, String text) {
        weir(node).await(text);
    }

    private JavaProcess weir(int node) {
        return Objects.requireNonNull(running.get(node), "it was not started");
    }

    /** By SIGTERM, or SIGKILL. */
    void stop(int node, boolean kill) {
        final JavaProcess process = running.remove(node);
        if (process != null) {
            if (kill) {
                process.kill();
            } else {
                process.stop();
            }
        }
    }

    /** Runs another command of weir against a running node, and returns what it prints. */
    String weir(int node, String... arguments) {
        final List<String> command = JavaProcess.command(List.of(), Weir.class, arguments);
        command.addAll(List.of("--run-dir", folder(node).resolve("run").toString()));
        return net.host(command.toArray(String[]::new));
    }

    // ---- the Linux node ---------------------------------------------------------------------------------------------

    /** Makes node 2: devices and addresses as flanneld's vxlan backend, and a pod behind a bridge as its CNI plugin makes. */
    void startKernel() {
        // a packet socket on the other side takes no segmented tunnel packets, as a wire would not
        net.tryRun(
                "node2",
                "ethtool",
                "-K",
                "up0",
                "tx-udp_tnl-segmentation",
                "off",
                "tx-udp_tnl-csum-segmentation",
                "off");
        net.run(
                "node2",
                "sh",
                "-ec",
                "ip address add 192.168.77.2/24 dev up0; ip address add fd01:77::2/64 dev up0 nodad;"
                        + " sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1;"
                        + " ip link add flannel.1 address " + KERNEL_MAC + " mtu 1450 type vxlan id 1 dev up0"
                        + " local 192.168.77.2 dstport 8472 nolearning;"
                        + " ip link add flannel-v6.1 address " + KERNEL_MAC6 + " mtu 1430 type vxlan id 1 dev up0"
                        + " local fd01:77::2 dstport 8472 nolearning;"
                        + " ip address add 10.244.2.0/32 dev flannel.1;"
                        + " ip address add fd00:244:0:2::/128 dev flannel-v6.1 nodad;"
                        + " ip link set flannel.1 up; ip link set flannel-v6.1 up;"
                        + " ip link add cni0 type bridge; ip link set cni0 up;"
                        + " ip address add 10.244.2.1/24 dev cni0; ip address add fd00:244:0:2::1/64 dev cni0 nodad");
        net.veth("node2", "veth0", "pod2", "eth0");
        net.run("node2", "sh", "-ec", "ip link set veth0 mtu 1450; ip link set veth0 master cni0");
        net.run(
                "pod2",
                "sh",
                "-ec",
                "ip link set eth0 mtu 1450; ip address add 10.244.2.5/24 dev eth0;"
                        + " ip address add fd00:244:0:2::5/64 dev eth0 nodad; ip route add default via 10.244.2.1;"
                        + " ip -6 route add default via fd00:244:0:2::1");
    }

    /** Programs node 2 for a weir node as flanneld does when it sees the lease: ARP, forwarding database, route. */
    void tellKernel(int node) {
        final String lease = etcdctl("get", "--prefix", "--print-value-only", PREFIX + "subnets/10.244." + node + ".");
        final String[] macs = Stream.of(lease.split("VtepMAC\":\"", -1))
                .skip(1)
                .map(part -> part.substring(0, 17))
                .toArray(String[]::new);
        if (macs.length != 2) {
            throw new AssertionError("not a dual-stack lease: " + lease);
        }
        final String subnet = "10.244." + node + ".0";
        final String subnet6 = "fd00:244:0:" + node + "::";
        net.run(
                "node2",
                "sh",
                "-ec",
                "ip neigh replace " + subnet + " lladdr " + macs[0] + " dev flannel.1 nud permanent;"
                        + " bridge fdb replace " + macs[0] + " dev flannel.1 dst 192.168.77." + node
                        + " self permanent;"
                        + " ip route replace " + subnet + "/24 via " + subnet + " dev flannel.1 onlink;"
                        + " ip neigh replace " + subnet6 + " lladdr " + macs[1] + " dev flannel-v6.1 nud permanent;"
                        + " bridge fdb replace " + macs[1] + " dev flannel-v6.1 dst fd01:77::" + node
                        + " self permanent;"
                        + " ip -6 route replace " + subnet6 + "/64 via " + subnet6 + " dev flannel-v6.1 onlink");
    }

    // -----------------------------------------------------------------------------------------------------------------

    /** A condition that may look at files and processes. */
    interface Condition {
        boolean holds();
    }

    static void await(String what, Condition condition) {
        final long end = System.nanoTime() + 90_000_000_000L;
        while (!condition.holds()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waited in vain: " + what);
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    @Override
    public void close() {
        try {
            List.copyOf(running.keySet()).forEach(node -> stop(node, true));
            stopEtcd();
        } finally {
            open.values().forEach(NetworkNamespace::close);
            net.close();
            delete();
        }
    }

    private void delete() {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (final Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
