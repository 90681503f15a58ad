package io.weir.agent.node;

import io.weir.conntrack.ConntrackDrop;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.lb.LbDrop;
import io.weir.policy.PolicyDrop;
import io.weir.vxlan.VxlanDrop;

/** Every reason for which a node drops a packet: one enum of each module. */
public final class NodeDropReasons {
    public static final DropReasons ALL = new DropReasons(
            DataplaneDrop.values(), VxlanDrop.values(), ConntrackDrop.values(), LbDrop.values(), PolicyDrop.values());

    private NodeDropReasons() {}
}
