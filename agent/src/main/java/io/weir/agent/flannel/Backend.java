package io.weir.agent.flannel;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.vxlan.VxlanNetwork;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How packets travel between nodes: the {@code Backend} object of net-conf.json. weir has two of flannel's backends. */
public sealed interface Backend {
    /** UDP port of the Linux kernel's VXLAN device, which flannel uses when none is configured. */
    int KERNEL_VXLAN_PORT = 8472;

    /** Flannel's name of the backend, which each lease carries. */
    String type();

    /**
     * Tunnels.
     *
     * @param vni           VXLAN network identifier; flannel's default is 1
     * @param port          UDP port
     * @param mtu           the MTU of the external interface to reckon with, in bytes; 0: the interface's own
     * @param directRouting no tunnel to nodes on the same link
     */
    record Vxlan(int vni, int port, int mtu, boolean directRouting) implements Backend {
        @Override
        public String type() {
            return "vxlan";
        }
    }

    /** Plain routes to the other nodes' addresses; all nodes share a link. */
    record HostGw() implements Backend {
        @Override
        public String type() {
            return "host-gw";
        }
    }

    /** What flannel knows and weir does not, with the reason. */
    Map<String, String> UNSUPPORTED = Map.of(
            "udp", "the udp backend passes packets through a process and is for debugging alone",
            "wireguard", "weir has no encrypted tunnels",
            "ipip", "weir has no IP-in-IP tunnels",
            "ipsec", "weir has no encrypted tunnels",
            "alloc", "the alloc backend forwards nothing; run weir without flannel and give it routes",
            "extension", "weir runs no shell commands",
            "tencent-vpc", "weir programs no cloud route tables; use flannel.vpcRoutes in NodeConfig",
            "ali-vpc", "flannel removed it in v0.20.0; use flannel.vpcRoutes in NodeConfig",
            "aws-vpc", "flannel removed it; use flannel.vpcRoutes in NodeConfig",
            "gce", "flannel removed it; use flannel.vpcRoutes in NodeConfig");

    /**
     * Reads what net-conf.json says about packets between nodes.
     *
     * @param backend the {@code Backend} object; null when net-conf.json has none
     * @throws FlannelException when weir does not have this backend, or a field is wrong
     */
    static Backend parse(@Nullable JsonNode backend) {
        final String advice = "; weir has vxlan and host-gw: write \"Backend\": {\"Type\": \"vxlan\"}";
        if (backend == null) {
            throw new FlannelException(
                    "net-conf.json has no Backend, which flannel takes for its udp backend" + advice);
        }
        if (!backend.isObject()) {
            throw new FlannelException("Backend is " + backend + advice);
        }
        final String written = Json.text(backend, "Type");
        final String type = written == null ? "" : written.toLowerCase(Locale.ROOT);
        if (type.equals("host-gw")) {
            return new HostGw();
        }
        if (type.equals("vxlan")) {
            return vxlan(backend);
        }
        final String reason = UNSUPPORTED.get(type);
        throw new FlannelException("Backend.Type is '" + (written == null ? "" : written) + "'"
                + (reason == null ? ", which flannel has not" : ": " + reason) + advice);
    }

    private static Vxlan vxlan(JsonNode backend) {
        final int vni = Json.number(backend, "VNI", 1);
        final int port = Json.number(backend, "Port", 0);
        final int mtu = Json.number(backend, "MTU", 0);
        if (vni < 0 || vni > VxlanNetwork.MAX_VNI) {
            throw new FlannelException("Backend.VNI is " + vni + "; write 0 to " + VxlanNetwork.MAX_VNI);
        }
        if (port < 0 || port > 65535) {
            throw new FlannelException("Backend.Port is " + port + "; write 1 to 65535, or 0 for 8472");
        }
        if (mtu != 0 && (mtu < 576 || mtu > 65535)) {
            throw new FlannelException("Backend.MTU is " + mtu + "; write 576 to 65535, or 0 for the interface's");
        }
        if (Json.flag(backend, "GBP", false)) {
            throw new FlannelException("Backend.GBP is true; weir does not speak the group-policy extension of VXLAN");
        }
        return new Vxlan(vni, port == 0 ? KERNEL_VXLAN_PORT : port, mtu, Json.flag(backend, "DirectRouting", false));
    }
}
