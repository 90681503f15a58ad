package io.weir.agent.simulation;

import io.weir.dataplane.pipeline.DropReason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a probe.
 *
 * @param verdict     {@code forward}, {@code drop} (silently) or {@code reject} (its sender is told)
 * @param reason      why it is dropped or rejected; null when it is forwarded
 * @param to          where it ends: {@code default/web}, {@code uplink}, {@code node-1 (answered)}
 * @param source      {@code address:port} as it leaves
 * @param destination {@code address:port} as it leaves
 * @param stages      every stage of every node that it passes
 */
public record Explained(
        String verdict,
        @Nullable DropReason reason,
        String to,
        String source,
        String destination,
        List<ExplainedStage> stages) {
    public static final String FORWARD = "forward";
    public static final String DROP = "drop";
    public static final String REJECT = "reject";

    public Explained {
        stages = List.copyOf(stages);
    }
}
