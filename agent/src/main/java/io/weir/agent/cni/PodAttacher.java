package io.weir.agent.cni;

import io.weir.agent.node.Attachment;
import java.util.concurrent.CompletableFuture;

/** Who makes the interfaces of pods and takes them away. Any thread may ask. */
public interface PodAttacher {
    /** Attaches a pod, or attaches it anew; done when its packets are forwarded and judged, failed with a sentence when it is not attached. */
    CompletableFuture<Void> attach(Attachment attachment);

    /** Detaches a pod; done when its packets are no longer forwarded. */
    CompletableFuture<Void> detach(String id);
}
