package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Section {@code flannel}: flannel's network model, and routes to other nodes' pods without it. */
public record FlannelConfig(
        @Setting(value = "Take part in a flannel network.", byDefault = "false")
        boolean enabled,

        @Setting(value = "Where nodes agree on their subnets: etcd or kubernetes.", byDefault = "kubernetes")
        FlannelRegistryKind registry,

        @Setting("How etcd is reached.") FlannelEtcdConfig etcd,

        @Setting(
                value = "Network configuration; with etcd its key config counts instead.",
                byDefault = "/etc/kube-flannel/net-conf.json")
        String netConfFile,

        @Setting(
                value = "What the flannel CNI plugin reads, written when the subnet is known.",
                byDefault = "/run/flannel/subnet.env")
        String subnetFile,

        @Setting(value = "Keeps the VTEP's Ethernet addresses across restarts.", byDefault = "/var/lib/weir/vtep-mac")
        String vtepMacFile,

        @Setting("IPv4 address that other nodes send to; the first of the node's when absent.") @Nullable
        IpAddress publicIp,

        @Setting("IPv6 address that other nodes send to; the first of the node's when absent.") @Nullable
        IpAddress publicIpv6,

        @Setting(value = "Masquerade as flanneld's --ip-masq, and say so in the subnet file.", byDefault = "true")
        boolean ipMasq,

        @Setting(
                value = "Renew the etcd lease when less than this is left of 24 hours.",
                byDefault = "60m",
                min = 1000,
                max = 82_800_000)
        Duration leaseRenewMargin,

        @Setting(
                value = "Prefix of the node annotations, as flanneld's --kube-annotation-prefix.",
                byDefault = "flannel.alpha.coreos.com")
        String annotationPrefix,

        @Setting(
                value = "Set the node's condition NetworkUnavailable to False when the network is up.",
                byDefault = "true")
        boolean setNodeNetworkUnavailable,

        @Setting("How tunnel packets are made and judged.") TunnelConfig tunnel,

        @Setting("Route tables without encapsulation: VPC-route mode.")
        List<VpcRouteTableConfig> vpcRoutes) {
    public FlannelConfig {
        vpcRoutes = List.copyOf(vpcRoutes);
    }
}
