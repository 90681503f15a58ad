package io.weir.dataplane.port;

import com.sun.management.ThreadMXBean;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.XdpDevice;
import io.weir.dataplane.linux.XdpSocketSpec;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.lang.management.ManagementFactory;

/**
 * A program for {@link AfXdpPortTopologyTest}: sends and receives by the two ends of a veth until a round of 64,000 packets
 * allocates nothing, and says how much the last round did.
 */
final class XdpPortAllocation {
    /** On a busy machine the compiler is late. */
    private static final long LIMIT_NS = 30_000_000_000L;

    private XdpPortAllocation() {}

    /** Arguments: the namespaces of the two interfaces called {@code eth0}. */
    public static void main(String[] names) {
        final XdpSocketSpec spec = XdpSocketSpec.ofMtu("eth0", 1500);
        try (NetworkNamespace left = NetworkNamespace.named(names[0]);
                NetworkNamespace right = NetworkNamespace.named(names[1]);
                PacketPool pool = new PacketPool(256, 0);
                XdpDevice one = XdpDevice.open("eth0", spec, left);
                XdpDevice other = XdpDevice.open("eth0", spec, right)) {
            final AfXdpPort near = new AfXdpPort("near", one.sockets(), 1500, true);
            final AfXdpPort far = new AfXdpPort("far", other.sockets(), 1500, true);
            final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            final Burst burst = new Burst(64);
            long allocated = Long.MAX_VALUE;
            long received = 0;
            for (int i = 0; i < 30_000; i++) {
                far.reportMissed(); // once in 1,024 times in the rounds, which would never compile it
            }
            // The first rounds allocate: classes are loaded then.
            final long end = System.nanoTime() + LIMIT_NS;
            while (allocated > 0 && System.nanoTime() < end) {
                received = 0;
                final long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1000; i++) {
                    for (int k = 0; k < 64; k++) {
                        final int handle = pool.acquire();
                        burst.add(handle, pool.frameAddress(handle), 100, 0);
                    }
                    near.transmit(burst);
                    burst.releaseAll(pool);
                    for (int k = 0; k < 4; k++) {
                        received += far.receive(burst, pool);
                        burst.releaseAll(pool);
                    }
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            System.out.println("allocated " + allocated + " bytes");
            if (received < 50_000) {
                throw new AssertionError("only " + received + " of 64000 packets came");
            }
        }
    }
}
