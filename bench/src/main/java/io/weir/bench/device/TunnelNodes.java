package io.weir.bench.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Two nodes on a switch, each in a namespace with one pod, in several forms: weir or the kernel, tunnels or plain routes. The
 * kernel's nodes have what flannel and its CNI plugin make of them: a bridge, a VXLAN device with static entries, and
 * masquerade rules, which track connections.
 */
final class TunnelNodes {
    static final String NETWORK = "10.244.0.0/16";

    /** One of the forms; namespaces have its letter in front. */
    enum Form {
        WEIR_TUNNEL("wt"),
        WEIR_ROUTES("wr"),
        WEIR_OFFLOADED_TUNNEL("ot"),
        WEIR_OFFLOADED_ROUTES("or"),
        KERNEL_TUNNEL("kt"),
        KERNEL_SEGMENTED("ks"),
        KERNEL_ROUTES("kr");

        private final String letters;

        Form(String letters) {
            this.letters = letters;
        }

        String node(int number) {
            return letters + "-node" + number;
        }

        String pod(int number) {
            return letters + "-pod" + number;
        }

        boolean isWeir() {
            return this == WEIR_TUNNEL || this == WEIR_ROUTES || isOffloaded();
        }

        /** The kernel carries the connection once weir has decided. */
        boolean isOffloaded() {
            return this == WEIR_OFFLOADED_TUNNEL || this == WEIR_OFFLOADED_ROUTES;
        }

        boolean isTunnel() {
            return this != WEIR_ROUTES && this != WEIR_OFFLOADED_ROUTES && this != KERNEL_ROUTES;
        }

        private String etcd() {
            return letters + "-etcd";
        }

        private String link() {
            return letters + "-switch";
        }
    }

    private TunnelNodes() {}

    static String podAddress(int node) {
        return "10.244." + node + ".5";
    }

    private static String underlay(int node) {
        return "192.168.77." + node;
    }

    /** The namespaces of both nodes, joined by a switch. */
    private static void make(BenchNamespaces net, Form form) throws IOException, InterruptedException {
        net.create(form.link());
        net.run(form.link(), "sh", "-ec", "ip link add br0 type bridge; ip link set br0 up");
        for (int node = 1; node <= 2; node++) {
            net.create(form.node(node));
            net.create(form.pod(node));
            attach(net, form, form.node(node), underlay(node));
        }
    }

    private static void attach(BenchNamespaces net, Form form, String label, String address)
            throws IOException, InterruptedException {
        final String port = "to-" + address.substring(address.lastIndexOf('.') + 1);
        net.run(
                form.link(),
                "sh",
                "-ec",
                "ip link add up0 netns " + net.name(label) + " type veth peer name " + port + "; ip link set " + port
                        + " up; ip link set " + port + " master br0");
        net.run(label, "sh", "-ec", "ip link set up0 up; ip address add " + address + "/24 dev up0");
    }

    // ---- the kernel -------------------------------------------------------------------------------------------------

    static void kernel(BenchNamespaces net, Form form) throws IOException, InterruptedException {
        make(net, form);
        for (int node = 1; node <= 2; node++) {
            final int other = 3 - node;
            net.write(form.node(node), "ipv4/ip_forward", "1");
            net.run(
                    form.node(node),
                    "sh",
                    "-ec",
                    "ip link add cni0 type bridge; ip link set cni0 up;"
                            + " ip address add 10.244." + node + ".1/24 dev cni0;"
                            + " ip link add pod0 type veth peer name eth0 netns " + net.name(form.pod(node)) + ";"
                            + " ip link set pod0 mtu 1450 master cni0; ip link set pod0 up");
            net.run(
                    form.pod(node),
                    "sh",
                    "-ec",
                    "ip link set eth0 mtu 1450; ip link set eth0 up; ip address add " + podAddress(node)
                            + "/24 dev eth0; ip route add default via 10.244." + node + ".1");
            net.run(
                    form.node(node),
                    "nft",
                    "add table ip flannel; add chain ip flannel postrtg"
                            + " { type nat hook postrouting priority srcnat; }; add rule ip flannel postrtg ip saddr 10.244."
                            + node + ".0/24 ip daddr " + NETWORK + " return; add rule ip flannel postrtg ip saddr "
                            + NETWORK
                            + " ip daddr 10.244." + node + ".0/24 return; add rule ip flannel postrtg ip saddr "
                            + NETWORK
                            + " ip daddr != 224.0.0.0/4 masquerade fully-random; add chain ip flannel forwarding"
                            + " { type filter hook forward priority filter; policy drop; }; add rule ip flannel forwarding"
                            + " ip saddr " + NETWORK + " accept; add rule ip flannel forwarding ip daddr " + NETWORK
                            + " accept");
            if (form == Form.KERNEL_ROUTES) {
                net.run(form.node(node), "ip", "route", "add", "10.244." + other + ".0/24", "via", underlay(other));
            } else {
                tunnel(net, form, node, other);
            }
        }
    }

    private static void tunnel(BenchNamespaces net, Form form, int node, int other)
            throws IOException, InterruptedException {
        final String mac = "0a:58:00:00:00:0";
        final String there = "10.244." + other + ".0";
        net.run(
                form.node(node),
                "sh",
                "-ec",
                "ip link add flannel.1 address " + mac + node
                        + " mtu 1450 type vxlan id 1 dev up0 local " + underlay(node) + " dstport 8472 nolearning;"
                        + " ip address add 10.244." + node + ".0/32 dev flannel.1; ip link set flannel.1 up;"
                        + " ip neigh add " + there + " lladdr " + mac + other + " dev flannel.1 nud permanent;"
                        + " bridge fdb add " + mac + other + " dev flannel.1 dst " + underlay(other)
                        + " self permanent;"
                        + " ip route add " + there + "/24 via " + there + " dev flannel.1 onlink");
        if (form == Form.KERNEL_SEGMENTED) {
            net.run(
                    form.node(node),
                    "ethtool",
                    "-K",
                    "up0",
                    "tx-udp_tnl-segmentation",
                    "off",
                    "tx-udp_tnl-csum-segmentation",
                    "off");
        }
    }

    // ---- weir -------------------------------------------------------------------------------------------------------

    /** Two processes; with tunnels they meet by an etcd of their own. */
    static List<WeirProcess> weir(BenchNamespaces net, Form form) throws IOException, InterruptedException {
        make(net, form);
        if (form.isTunnel()) {
            startEtcd(net, form);
        }
        final List<WeirProcess> processes = new ArrayList<>();
        for (int node = 1; node <= 2; node++) {
            processes.add(WeirProcess.start(net, form.node(node), config(net, form, node)));
        }
        return processes;
    }

    private static void startEtcd(BenchNamespaces net, Form form) throws IOException, InterruptedException {
        net.create(form.etcd());
        attach(net, form, form.etcd(), "192.168.77.100");
        final String data = net.directory().toString();
        net.start(
                form.etcd(),
                "",
                "sh",
                "-c",
                "exec etcd --data-dir=" + data + " --listen-client-urls=http://0.0.0.0:2379"
                        + " --advertise-client-urls=http://192.168.77.100:2379 >/dev/null 2>&1");
        net.run(
                form.etcd(),
                "sh",
                "-c",
                "export ETCDCTL_API=3; for i in $(seq 100); do etcdctl put /coreos.com/network/config"
                        + " '{\"Network\":\"" + NETWORK
                        + "\",\"Backend\":{\"Type\":\"vxlan\"}}' >/dev/null 2>&1 && exit 0;"
                        + " sleep 0.1; done; echo etcd does not start; exit 1");
    }

    private static String config(BenchNamespaces net, Form form, int node) throws IOException {
        final StringBuilder text = new StringBuilder("""
                apiVersion: weir.io/v1alpha1
                kind: NodeConfig
                nodeName: node-%1$d
                nodeAddresses: [192.168.77.%1$d]
                ports: {podMtu: %2$d, uplinks: [{device: up0, addresses: [192.168.77.%1$d/24]}], pods: %3$s}
                """.formatted(
                node, form.isTunnel() ? 1450 : 1500, form.isOffloaded() ? "{device: veth, offload: true}" : "{}"));
        if (form.isTunnel()) {
            final String files = net.directory().toString();
            Files.writeString(
                    Path.of(files, "subnet.env"),
                    "FLANNEL_NETWORK=%2$s\nFLANNEL_SUBNET=10.244.%1$d.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
                            .formatted(node, NETWORK));
            text.append("""
                    flannel: {enabled: true, registry: etcd, etcd: {endpoints: ["http://192.168.77.100:2379"]},
                      subnetFile: %1$s/subnet.env, vtepMacFile: %1$s/vtep-mac}
                    """.formatted(files));
        } else {
            text.append("podCidrs: [10.244.%1$d.0/24]\nclusterCidrs: [%2$s]\nflannel: {vpcRoutes: [{name: system}]}\n"
                    .formatted(node, NETWORK));
            for (int each = 1; each <= 2; each++) {
                text.append("""
                        ---
                        apiVersion: v1
                        kind: Node
                        metadata: {name: node-%1$d}
                        spec: {podCIDR: 10.244.%1$d.0/24, podCIDRs: [10.244.%1$d.0/24]}
                        status: {addresses: [{type: InternalIP, address: 192.168.77.%1$d}]}
                        """.formatted(each));
            }
        }
        text.append("""
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: pod, namespace: default, annotations: {weir.io/netns: %2$s}}
                spec: {nodeName: node-%1$d}
                status: {podIPs: [{ip: 10.244.%1$d.5}]}
                """.formatted(node, net.name(form.pod(node))));
        return text.toString();
    }

    /** Waits until the first packets pass. */
    static void awaitPath(BenchNamespaces net, Form form) throws IOException, InterruptedException {
        net.run(
                form.pod(1),
                "sh",
                "-c",
                "for i in $(seq 60); do ping -c 1 -W 1 " + podAddress(2) + " >/dev/null && exit 0; sleep 0.3; done;"
                        + " echo no packet passes; exit 1");
    }
}
