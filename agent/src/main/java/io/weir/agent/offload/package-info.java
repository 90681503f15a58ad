/** Flow offload's control side: which connections the kernel carries, and until when. */
@NullMarked
package io.weir.agent.offload;

import org.jspecify.annotations.NullMarked;
