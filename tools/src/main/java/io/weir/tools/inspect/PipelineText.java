package io.weir.tools.inspect;

import io.weir.dataplane.pipeline.Stage;
import java.util.List;

/** The pipeline in lines of text. */
final class PipelineText {
    private PipelineText() {}

    static String of(List<Stage> stages) {
        final StringBuilder text = new StringBuilder(512);
        text.append("port rx\n");
        text.append("  parse          (a tunnel is taken off here)\n");
        text.append("  flow cache     hit: straight to the rewriter\n");
        text.append("  miss:\n");
        for (final Stage stage : stages) {
            text.append(String.format("    %-13s %s%n", stage.name(), stage.describe()));
        }
        text.append("  rewriter       the flow cache remembers the decision\n");
        text.append("port tx\n");
        return text.toString();
    }
}
