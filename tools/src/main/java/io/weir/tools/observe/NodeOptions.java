package io.weir.tools.observe;

import io.weir.dataplane.observe.CounterView;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that looks at a weir: which one. */
public final class NodeOptions {
    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description = "Where the run directories of nodes are, as given to weir run. Default: /run/weir.")
    private Path root = NodeFiles.DEFAULT_ROOT;

    @Option(
            names = "--node",
            paramLabel = "NAME",
            description = "Which node to look at. Default: the only one that is there.")
    private @Nullable String node;

    /**
     * The run directory of the node that is meant.
     *
     * @throws CommandFailure when there is none, or it is not clear which
     */
    public Path directory() {
        if (node != null) {
            final Path directory = root.resolve(node);
            if (!isNode(directory)) {
                throw new CommandFailure("no weir runs, or ran, for the node " + node + " in " + root + known());
            }
            return directory;
        }
        if (isNode(root)) {
            return root;
        }
        final List<Path> nodes = nodes();
        if (nodes.size() == 1) {
            return nodes.getFirst();
        }
        throw new CommandFailure(
                nodes.isEmpty()
                        ? "no weir runs here: " + root
                                + " has no node's directory; start one with weir run, or name its"
                                + " directory with --run-dir"
                        : "which node?" + known() + "; give --node NAME");
    }

    private static boolean isNode(Path directory) {
        return Files.exists(directory.resolve(NodeFiles.COUNTERS));
    }

    private List<Path> nodes() {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(root)) {
            return all.filter(NodeOptions::isNode).sorted().toList();
        } catch (final AccessDeniedException e) {
            throw new CommandFailure(root + ": permission denied; run this as the user who runs weir", e);
        } catch (final IOException e) {
            throw new CommandFailure(root + ": can't be read (" + e.getMessage() + ")", e);
        }
    }

    private String known() {
        final List<Path> nodes = nodes();
        return nodes.isEmpty()
                ? ""
                : "; there are "
                        + String.join(
                                ", ",
                                nodes.stream()
                                        .map(each -> String.valueOf(each.getFileName()))
                                        .toList());
    }

    /** The node's counters, mapped. */
    CounterView counters() {
        return read(() -> CounterView.open(directory().resolve(NodeFiles.COUNTERS)));
    }

    /** Something that reads the node's files. */
    interface Reading<T> {
        T read() throws IOException;
    }

    /** Turns what can go wrong with files into sentences. */
    static <T> T read(Reading<T> reading) {
        try {
            return reading.read();
        } catch (final AccessDeniedException e) {
            throw new CommandFailure(e.getFile() + ": permission denied; run this as the user who runs weir", e);
        } catch (final IOException e) {
            throw new CommandFailure("can't be read: " + e.getMessage(), e);
        }
    }
}
