package io.weir.dataplane.port;

import com.sun.management.ThreadMXBean;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.linux.PacketSocketSpec;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.lang.management.ManagementFactory;

/**
 * A program for {@link DevicePortTopologyTest}: sends and receives by a TAP and by the two ends of a veth until a round
 * of 12,800 packets each allocates nothing, and says how much the last round did.
 */
final class DevicePortAllocation {
    private static final PacketSocketSpec SOCKET = PacketSocketSpec.DEFAULT.receiveRing(128, 128 << 10, 2048);
    private static final int ROUNDS = 30;

    private DevicePortAllocation() {}

    /** Arguments: the namespaces of the TAP, of {@code up0} and of {@code eth0}, the two ends of the veth. */
    public static void main(String[] names) {
        try (NetworkNamespace pod = NetworkNamespace.named(names[0]);
                NetworkNamespace router = NetworkNamespace.named(names[1]);
                NetworkNamespace host = NetworkNamespace.named(names[2]);
                Rtnetlink rtnetlink = Rtnetlink.open(pod);
                PacketPool pool = new PacketPool(256, 128);
                TapDevice device = TapDevice.open(TapSpec.of("eth0", 1), pod);
                TapPort tap = new TapPort("tap", device, 0);
                AfPacketPort near = new AfPacketPort("near", PacketSocket.open("up0", SOCKET, router));
                AfPacketPort far = new AfPacketPort("far", PacketSocket.open("eth0", SOCKET, host));
                PacketSocket intoTap = PacketSocket.open("eth0", SOCKET, pod)) {
            rtnetlink.links().up("eth0");
            AfPacketPort feed = new AfPacketPort("feed", intoTap);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            Burst burst = new Burst(64);
            long allocated = Long.MAX_VALUE;
            long received = 0;
            // The first rounds allocate: classes are loaded then.
            for (int round = 0; round < ROUNDS && allocated > 0; round++) {
                received = 0;
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 200; i++) {
                    send(tap, burst, pool);
                    send(near, burst, pool);
                    send(feed, burst, pool);
                    received += receive(tap, burst, pool) + receive(far, burst, pool);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            System.out.println("allocated " + allocated + " bytes");
            if (received < 15_000) {
                throw new AssertionError("only " + received + " of 25600 packets came");
            }
        }
    }

    private static void send(Port port, Burst burst, PacketPool pool) {
        for (int i = 0; i < 64; i++) {
            int handle = pool.acquire();
            burst.add(handle, pool.frameAddress(handle), 100, 0);
        }
        port.transmit(burst);
        burst.releaseAll(pool);
    }

    private static int receive(Port port, Burst burst, PacketPool pool) {
        int count = port.receive(burst, pool);
        burst.releaseAll(pool);
        return count;
    }
}
