/** Flow offload: the kernel carries the packets of a decided TCP connection from pod to pod of one node, without user space. */
@NullMarked
package io.weir.dataplane.offload;

import org.jspecify.annotations.NullMarked;
