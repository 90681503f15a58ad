package io.weir.conntrack;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapQueue;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.memory.OffHeap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A Linux router in a namespace of its own that masquerades what leaves by its outside and drops what its conntrack calls
 * invalid. Both of its interfaces are TAPs that the test holds: the kernel routes a frame while it is being written.
 */
final class KernelRouter implements AutoCloseable {
    /** Not every kernel shows it. */
    static final Path TABLE = Path.of("/proc/net/nf_conntrack");

    static final String INSIDE = "10.1.0.254";
    static final String OUTSIDE = "203.0.113.254";
    private static final String INSIDE_MAC = "02:00:00:00:00:0a";
    private static final String OUTSIDE_MAC = "02:00:00:00:00:0b";
    private static final int HEADER = TapDevice.VNET_HEADER_LENGTH;

    private final TopologyNamespaces net = TopologyNamespaces.create();
    private final NetworkNamespace namespace;
    private final TapDevice inside;
    private final TapDevice outside;
    private final long memory = OffHeap.allocate(HEADER + TapQueue.MAX_FRAME_LENGTH);

    KernelRouter() {
        namespace = NetworkNamespace.named(net.namespace("router"));
        inside = TapDevice.open(TapSpec.of("inside", 1).offloads(false), namespace);
        outside = TapDevice.open(TapSpec.of("outside", 1).offloads(false), namespace);
        final StringBuilder script = new StringBuilder("set -e; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6;"
                + "echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 0 > /proc/sys/net/ipv4/conf/default/rp_filter;"
                + "echo 0 > /proc/sys/net/ipv4/conf/all/send_redirects; echo 1 > /proc/sys/net/ipv4/ip_forward;");
        script.append("ip link set inside address " + INSIDE_MAC + " up; ip link set outside address " + OUTSIDE_MAC
                + " up; ip addr add " + INSIDE + "/24 dev inside; ip addr add " + OUTSIDE + "/24 dev outside;");
        for (int host = 1; host < 10; host++) {
            script.append("ip neigh add 10.1.0." + host + " lladdr 02:00:00:00:01:0" + host + " dev inside;");
            script.append("ip neigh add 203.0.113." + host + " lladdr 02:00:00:00:02:0" + host + " dev outside;");
        }
        script.append("nft add table ip t; nft 'add chain ip t f { type filter hook forward priority 0; }';"
                + "nft add rule ip t f ct state invalid drop;"
                // what is for the router itself must leave no connection behind
                + "nft 'add chain ip t i { type filter hook input priority 0; policy drop; }';"
                + "nft 'add chain ip t p { type nat hook postrouting priority 100; }';"
                + "nft add rule ip t p oifname outside masquerade");
        net.run("router", "sh", "-c", script.toString());
        drain(inside);
        drain(outside);
    }

    /** Sends a frame into the router; the frames that come out at the other side. */
    List<byte[]> route(byte[] frame, boolean fromInside) {
        final byte[] addressed = frame.clone();
        final String mac = fromInside ? INSIDE_MAC : OUTSIDE_MAC;
        for (int i = 0; i < 6; i++) {
            addressed[i] = (byte) Integer.parseInt(mac.substring(i * 3, i * 3 + 2), 16);
        }
        OffHeap.zero(memory, HEADER);
        OffHeap.copy(addressed, 0, memory + HEADER, addressed.length);
        final int written = (fromInside ? inside : outside).queue(0).write(memory, HEADER + addressed.length);
        if (written < 0) {
            throw new IllegalStateException("the kernel refused a frame: " + written);
        }
        drain(fromInside ? inside : outside);
        return drain(fromInside ? outside : inside);
    }

    private List<byte[]> drain(TapDevice tap) {
        final List<byte[]> frames = new ArrayList<>();
        while (true) {
            final int length = tap.queue(0).read(memory, HEADER + TapQueue.MAX_FRAME_LENGTH);
            if (length < 0) {
                return frames;
            }
            final byte[] bytes = new byte[length];
            OffHeap.copy(memory, bytes, 0, length);
            if (bytes[HEADER + 12] == 8 && bytes[HEADER + 13] == 0) {
                frames.add(Arrays.copyOfRange(bytes, HEADER, length));
            }
        }
    }

    /** What the kernel's table says, one line a connection; empty where the kernel does not show it. */
    String connections() {
        return net.tryRun("router", "cat", TABLE.toString()).text();
    }

    @Override
    public void close() {
        inside.close();
        outside.close();
        namespace.close();
        net.close();
        OffHeap.free(memory);
    }
}
