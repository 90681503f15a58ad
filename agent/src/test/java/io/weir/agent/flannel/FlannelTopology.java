package io.weir.agent.flannel;

import io.weir.agent.config.InterfaceAddress;
import io.weir.agent.config.NodeConfig;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Three nodes of a flannel network on one switch, each in a network namespace:
 *
 * <pre>
 *  node  underlay                    pods                               who
 *  1     192.168.77.1  fd01:77::1    10.244.1.5  fd00:244:0:1::5        weir
 *  2     192.168.77.2  fd01:77::2    10.244.2.5  fd00:244:0:2::5        Linux, programmed as flanneld does
 *  3     192.168.77.3  fd01:77::3    10.244.3.5  fd00:244:0:3::5        weir
 * </pre>
 */
final class FlannelTopology implements AutoCloseable {
    static final String KERNEL_MAC = "c6:bf:7f:00:00:02";
    static final String KERNEL_MAC6 = "c6:bf:7f:00:06:02";

    final TopologyNamespaces net = TopologyNamespaces.create();
    private final Path folder;
    private final URI etcd;
    private final Map<Integer, NetworkNamespace> own = new TreeMap<>();
    private final Map<Integer, NetworkNamespace> pods = new TreeMap<>();
    private final Map<IpAddress, MacAddress> stations = new ConcurrentHashMap<>();
    private final Map<Integer, TunnelNode> nodes = new TreeMap<>();
    private final Map<Integer, FlannelMember> members = new TreeMap<>();

    FlannelTopology(Path folder, URI etcd) {
        this.folder = folder;
        this.etcd = etcd;
        net.namespace("switch");
        net.run("switch", "ip", "link", "add", "br0", "type", "bridge");
        net.run("switch", "ip", "link", "set", "br0", "up");
        for (int i = 1; i <= 3; i++) {
            net.namespace("node" + i);
            net.namespace("pod" + i);
            own.put(i, NetworkNamespace.named(net.name("node" + i)));
            pods.put(i, NetworkNamespace.named(net.name("pod" + i)));
            net.veth("node" + i, "up0", "switch", "port" + i);
            net.run("switch", "ip", "link", "set", "port" + i, "master", "br0");
            station(i);
        }
    }

    static IpAddress underlay(int node) {
        return IpAddress.parse("192.168.77." + node);
    }

    static IpAddress underlay6(int node) {
        return IpAddress.parse("fd01:77::" + node);
    }

    static String pod(int node) {
        return "10.244." + node + ".5";
    }

    static String pod6(int node) {
        return "fd00:244:0:" + node + "::5";
    }

    private void station(int node) {
        try (Rtnetlink netlink = Rtnetlink.open(namespace(own, node))) {
            final MacAddress mac = netlink.links().find("up0").orElseThrow().mac();
            stations.put(underlay(node), mac);
            stations.put(underlay6(node), mac);
        }
    }

    /** Another address of the Linux node is at the same station. */
    void moved(IpAddress address) {
        stations.put(address, station(underlay(2)));
    }

    private MacAddress station(IpAddress address) {
        final MacAddress mac = stations.get(address);
        if (mac == null) {
            throw new AssertionError("no station " + address);
        }
        return mac;
    }

    private static NetworkNamespace namespace(Map<Integer, NetworkNamespace> from, int node) {
        final NetworkNamespace namespace = from.get(node);
        if (namespace == null) {
            throw new AssertionError("no node " + node);
        }
        return namespace;
    }

    /** The namespace of a node's pod; the Linux node's pod addresses are its own. */
    NetworkNamespace podNamespace(int node) {
        return node == 2 ? namespace(own, 2) : namespace(pods, node);
    }

    String podLabel(int node) {
        return node == 2 ? "node2" : "pod" + node;
    }

    /** Starts weir as this node, or starts it again. */
    void startWeir(int node) throws Exception {
        final TunnelNode dataplane = new TunnelNode(
                namespace(own, node),
                namespace(pods, node),
                List.of(underlay(node), underlay6(node)),
                List.of(IpAddress.parse(pod(node)), IpAddress.parse(pod6(node))),
                this::station);
        nodes.put(node, dataplane);
        final String label = "pod" + node;
        net.run(label, "ip", "address", "replace", pod(node) + "/32", "dev", "eth0");
        net.run(label, "ip", "address", "replace", pod6(node) + "/128", "dev", "eth0", "nodad");
        net.run(label, "ip", "route", "replace", "169.254.1.1", "dev", "eth0");
        net.run(label, "ip", "route", "replace", "default", "via", "169.254.1.1");
        net.run(label, "ip", "-6", "route", "replace", "default", "via", "fe80::1", "dev", "eth0");
        final Path files = folder.resolve("node" + node);
        new SubnetEnv(
                        IpPrefix.parse("10.244.0.0/16"),
                        IpPrefix.parse("10.244." + node + ".0/24"),
                        IpPrefix.parse("fd00:244::/48"),
                        IpPrefix.parse("fd00:244:0:" + node + "::/64"),
                        1450,
                        true)
                .write(files.resolve("subnet.env"));
        members.put(
                node,
                FlannelMember.join(
                        NodeConfig.of(
                                        "flannel.registry=etcd",
                                        "flannel.etcd.endpoints=" + etcd,
                                        "flannel.subnetFile=" + files.resolve("subnet.env"),
                                        "flannel.vtepMacFile=" + files.resolve("vtep-mac"))
                                .flannel(),
                        new FlannelMember.Surroundings(
                                "node" + node,
                                List.of(underlay(node), underlay6(node)),
                                new Underlay(
                                        List.of(
                                                new InterfaceAddress(underlay(node), 24),
                                                new InterfaceAddress(underlay6(node), 64)),
                                        1500),
                                () -> {
                                    throw new AssertionError("no Kubernetes here");
                                }),
                        new Random(node),
                        dataplane::apply,
                        message -> {
                            throw new AssertionError(message);
                        }));
    }

    /** Ends the process, as it were: the pod, its interface and the lease stay. */
    void stopWeir(int node) {
        final FlannelMember member = members.remove(node);
        final TunnelNode dataplane = nodes.remove(node);
        if (member != null) {
            member.close();
        }
        if (dataplane != null) {
            dataplane.close();
        }
    }

    Map<String, Long> drops(int node) {
        final TunnelNode dataplane = nodes.get(node);
        return dataplane == null ? Map.of() : dataplane.drops();
    }

    /** What flanneld would publish for the Linux node. */
    static String kernelLease(String publicIp) {
        return "{\"PublicIP\":\"" + publicIp + "\",\"PublicIPv6\":\"fd01:77::2\",\"BackendType\":\"vxlan\","
                + "\"BackendData\":{\"VNI\":1,\"VtepMAC\":\"" + KERNEL_MAC + "\"},"
                + "\"BackendV6Data\":{\"VNI\":1,\"VtepMAC\":\"" + KERNEL_MAC6 + "\"}}";
    }

    /** Makes node 2: its devices and addresses as flanneld's vxlan backend makes them. */
    void startKernel() {
        final String label = "node2";
        // a packet socket on the other side takes no segmented tunnel packets, as a wire would not
        net.tryRun(
                label, "ethtool", "-K", "up0", "tx-udp_tnl-segmentation", "off", "tx-udp_tnl-csum-segmentation", "off");
        net.run(label, "ip", "address", "add", "192.168.77.2/24", "dev", "up0");
        net.run(label, "ip", "address", "add", "fd01:77::2/64", "dev", "up0", "nodad");
        net.run(
                label,
                "sh",
                "-c",
                "ip link add flannel.1 address " + KERNEL_MAC + " mtu 1450 type vxlan id 1 dev up0 local 192.168.77.2"
                        + " dstport 8472 nolearning"
                        + " && ip link add flannel-v6.1 address " + KERNEL_MAC6 + " mtu 1430 type vxlan id 1 dev up0"
                        + " local fd01:77::2 dstport 8472 nolearning"
                        + " && ip address add 10.244.2.0/32 dev flannel.1"
                        + " && ip address add fd00:244:0:2::/128 dev flannel-v6.1 nodad"
                        + " && ip link set flannel.1 up && ip link set flannel-v6.1 up"
                        + " && ip address add 10.244.2.5/32 dev lo && ip address add fd00:244:0:2::5/128 dev lo nodad");
    }

    /** Programs node 2 for a weir node as flanneld does on its lease: ARP, forwarding database, route. */
    void tellKernel(int node) {
        final FlannelMember member = members.get(node);
        if (member == null) {
            throw new AssertionError("no weir at node " + node);
        }
        final LeaseAttributes attributes = member.lease().attributes();
        final String mac = mac(attributes.backendData());
        final String mac6 = mac(attributes.backendV6Data());
        final String subnet = "10.244." + node + ".0";
        final String subnet6 = "fd00:244:0:" + node + "::";
        net.run(
                "node2",
                "sh",
                "-c",
                "ip neigh replace " + subnet + " lladdr " + mac + " dev flannel.1 nud permanent"
                        + " && bridge fdb replace " + mac + " dev flannel.1 dst " + underlay(node) + " self permanent"
                        + " && ip route replace " + subnet + "/24 via " + subnet + " dev flannel.1 onlink"
                        + " && ip neigh replace " + subnet6 + " lladdr " + mac6 + " dev flannel-v6.1 nud permanent"
                        + " && bridge fdb replace " + mac6 + " dev flannel-v6.1 dst " + underlay6(node)
                        + " self permanent"
                        + " && ip -6 route replace " + subnet6 + "/64 via " + subnet6 + " dev flannel-v6.1 onlink");
    }

    private static String mac(@Nullable String data) {
        return VtepData.parse(String.valueOf(data)).mac().toString();
    }

    @Override
    public void close() {
        List.copyOf(members.keySet()).forEach(this::stopWeir);
        own.values().forEach(NetworkNamespace::close);
        pods.values().forEach(NetworkNamespace::close);
        net.close();
    }
}
