package io.weir.vxlan;

import io.weir.dataplane.flow.TunnelTally;
import io.weir.dataplane.wire.IpPrefix;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the table that decapsulation reads; conductor thread only.
 *
 * <p>It stamps no version slots: a received tunnel packet is judged anew each time, before the flow cache is asked, so a
 * VTEP that is gone is refused with the very next packet. Packets into a tunnel depend on their route's slot.
 */
public final class VxlanCompiler {
    private final Map<FarEnd, Integer> farEnds = new HashMap<>();
    private @Nullable VxlanTable previous;
    private @Nullable VxlanSpec previousSpec;

    /** A node's tunnel end keeps its number while its address and Ethernet address change. */
    private record FarEnd(String network, IpPrefix subnet) {}

    /**
     * The number by which packets to and from a VTEP are counted. A number is never used for another VTEP; when all are
     * given out, those that come later have none.
     *
     * @return the number, or 0: it has none
     */
    public int farEndOf(VxlanNetwork network, RemoteVtep remote) {
        return farEnds.computeIfAbsent(
                new FarEnd(network.name(), remote.subnet()),
                _ -> farEnds.size() + 1 < TunnelTally.CAPACITY ? farEnds.size() + 1 : 0);
    }

    /** The table for this specification; the previous one when nothing has changed. */
    public VxlanTable compile(VxlanSpec spec) {
        final VxlanTable known = previous;
        if (known != null && spec.equals(previousSpec)) {
            return known;
        }
        final VxlanTable table = new VxlanTable(spec, this::farEndOf);
        previous = table;
        previousSpec = spec;
        return table;
    }
}
