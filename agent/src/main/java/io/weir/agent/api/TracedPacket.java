package io.weir.agent.api;

import io.weir.agent.simulation.ExplainedStage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of one packet.
 *
 * @param timeNs  ns since 1970
 * @param worker  who handled it
 * @param port    where it came from
 * @param bytes   its first ones, as it came
 * @param length  of the frame
 * @param verdict {@code forward}, {@code drop}, {@code reject}, {@code answer}, {@code hold} or {@code neighbour}
 * @param reason  why it was dropped or rejected
 * @param to      where it was sent
 * @param source  what its source and destination became, when it was forwarded
 * @param stages  what each stage said
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record TracedPacket(
        long timeNs,
        int worker,
        String port,
        byte[] bytes,
        int length,
        String verdict,
        @Nullable String reason,
        @Nullable String to,
        @Nullable String source,
        @Nullable String destination,
        List<ExplainedStage> stages) {}
