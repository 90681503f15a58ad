package io.weir.agent.simulation;

import java.util.List;

/**
 * What one stage decided, and why.
 *
 * @param node    the node whose pipeline it is part of
 * @param stage   its name
 * @param verdict lower-case: {@code continue}, {@code drop}, {@code answer}, {@code punt}, {@code forward}
 * @param because sentences
 */
public record ExplainedStage(String node, String stage, String verdict, List<String> because) {
    public ExplainedStage {
        because = List.copyOf(because);
    }
}
