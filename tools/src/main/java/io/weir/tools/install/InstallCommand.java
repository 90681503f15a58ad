package io.weir.tools.install;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import io.weir.tools.observe.ApiClient;
import io.weir.tools.observe.NodeOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir install}: makes the node's container runtime use weir. */
@Command(
        name = "install",
        mixinStandardHelpOptions = true,
        description =
                "Give the container runtime weir's CNI plugin and configuration, as soon as weir is ready for pods.",
        footer = {
            "",
            "Both files are replaced in one step; a runtime that sees the configuration can use it.",
            "",
            "Examples:",
            "  weir install",
            "  weir install --cni-conf-dir /etc/cni/net.d --cni-bin-dir /opt/cni/bin --wait 60"
        })
public final class InstallCommand implements Callable<Integer> {
    private static final long POLL_MS = 100;

    @Mixin
    private NodeOptions node = new NodeOptions();

    @Mixin
    private DirectoryOptions directories = new DirectoryOptions();

    @Option(
            names = "--network",
            paramLabel = "NAME",
            defaultValue = "weir",
            description = "What the network is called. Default: ${DEFAULT-VALUE}.")
    private String network = "weir";

    @Option(
            names = "--plugin",
            paramLabel = "FILE",
            description = "The plugin's executable. Default: it is compiled here, by cc.")
    private @Nullable Path plugin;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "How long weir may take until it is ready. Default: ${DEFAULT-VALUE}.")
    private int waitSeconds = 30;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final byte[] program = program();
        final Path directory = awaitReady();
        final CniFiles files = directories.files();
        files.write(network, directory.toAbsolutePath().resolve(NodeFiles.SOCKET), program);
        final PrintWriter out = spec.commandLine().getOut();
        out.println("installed " + files.plugin() + " and " + files.configuration());
        out.flush();
        return ExitCodes.DONE;
    }

    private byte[] program() {
        if (plugin == null) {
            return PluginProgram.compile();
        }
        try {
            return Files.readAllBytes(plugin);
        } catch (final IOException e) {
            throw new CommandFailure(plugin + " can't be read: " + e, e);
        }
    }

    /** The run directory of the weir that says it is ready for pods. */
    private Path awaitReady() {
        final long endNs = System.nanoTime() + waitSeconds * 1_000_000_000L;
        while (true) {
            try {
                final Path directory = node.directory();
                checkReady(directory);
                return directory;
            } catch (final CommandFailure e) {
                if (System.nanoTime() - endNs > 0) {
                    throw new CommandFailure("nothing was installed: " + e.getMessage(), e);
                }
            }
            try {
                Thread.sleep(POLL_MS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CommandFailure("interrupted", e);
            }
        }
    }

    /** Asks as a runtime would: CNI's STATUS. */
    private void checkReady(Path directory) {
        final List<JsonNode> lines = new ArrayList<>();
        final String config = Json.line(Map.of("cniVersion", "1.1.0", "name", network));
        ApiClient.ask(directory, Map.of("request", "cni", "command", "STATUS", "config", config), lines::add);
        if (lines.isEmpty() || lines.getFirst().path("exit").asInt(1) != 0) {
            throw new CommandFailure(
                    "weir is not ready for pods: " + lines.getLast().path("msg").asText());
        }
    }
}
