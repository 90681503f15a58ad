package io.weir.tools.run;

import io.weir.dataplane.linux.TopologyTest;
import org.junit.jupiter.api.TestInstance;

/** The same by veth pairs, where the kernel carries what it may. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VethPodsTopologyTest extends TwoPodsTopologyTest {
    @Override
    String config() {
        return NodeRig.NODE + "ports: {pods: {device: veth, offload: true}}\n";
    }
}
