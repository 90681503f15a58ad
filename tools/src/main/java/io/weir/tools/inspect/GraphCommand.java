package io.weir.tools.inspect;

import io.weir.agent.simulation.Explainer;
import io.weir.dataplane.pipeline.Stage;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ConfigOptions;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir graph}: the pipeline of a configuration, as text or as a picture. */
@Command(
        name = "graph",
        mixinStandardHelpOptions = true,
        description = "Print the pipeline that a configuration makes: its stages in order, and what each holds.",
        footer = {
            "",
            "Examples:",
            "  weir graph --config examples/two-pods",
            "  weir graph --config examples/two-pods --svg pipeline.svg"
        })
public final class GraphCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--svg", paramLabel = "FILE", description = "Write the picture to this file.")
    private @Nullable Path svg;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        try (Explainer explainer = new Explainer(config.load(spec.commandLine().getErr()))) {
            final List<Stage> stages = explainer
                    .thisNode()
                    .dataplane()
                    .dataplane()
                    .snapshot()
                    .pipeline()
                    .stages();
            if (json) {
                out.println(Json.pretty(stages.stream().map(GraphCommand::tree).toList()));
            } else {
                out.print(PipelineText.of(stages));
            }
            if (svg != null) {
                Files.writeString(
                        svg, PipelineSvg.of(explainer.thisNode().node().name(), stages));
            }
        } catch (final IOException e) {
            throw new CommandFailure(
                    svg + ": can't be written (" + e.getMessage() + "); name a file in a directory that exists", e);
        }
        out.flush();
        return ExitCodes.DONE;
    }

    private static Map<String, String> tree(Stage stage) {
        final Map<String, String> tree = new TreeMap<>();
        tree.put("stage", stage.name());
        tree.put("holds", stage.describe());
        return tree;
    }
}
