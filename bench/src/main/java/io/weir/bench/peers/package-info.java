/** Other software that does a scenario's work with the same packets on the same core: OVS-DPDK and dpdk-testpmd. */
@NullMarked
package io.weir.bench.peers;

import org.jspecify.annotations.NullMarked;
