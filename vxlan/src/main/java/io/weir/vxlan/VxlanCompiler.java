package io.weir.vxlan;

import org.jspecify.annotations.Nullable;

/**
 * Makes the table that decapsulation reads; conductor thread only.
 *
 * <p>It stamps no version slots: a received tunnel packet is judged anew each time, before the flow cache is asked, so a
 * VTEP that is gone is refused with the very next packet. Packets into a tunnel depend on their route's slot.
 */
public final class VxlanCompiler {
    private @Nullable VxlanTable previous;
    private @Nullable VxlanSpec previousSpec;

    /** The table for this specification; the previous one when nothing has changed. */
    public VxlanTable compile(VxlanSpec spec) {
        final VxlanTable known = previous;
        if (known != null && spec.equals(previousSpec)) {
            return known;
        }
        final VxlanTable table = new VxlanTable(spec);
        previous = table;
        previousSpec = spec;
        return table;
    }
}
