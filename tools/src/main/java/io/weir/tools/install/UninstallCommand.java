package io.weir.tools.install;

import io.weir.tools.command.ExitCodes;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weir uninstall}: takes back what {@code weir install} gave. */
@Command(
        name = "uninstall",
        mixinStandardHelpOptions = true,
        description = "Remove weir's CNI configuration and plugin.",
        footer = {
            "",
            "Pods that are attached keep their network as long as weir runs; remove them first, because the runtime "
                    + "needs the plugin for that.",
            "",
            "Example:",
            "  weir uninstall"
        })
public final class UninstallCommand implements Callable<Integer> {
    @Mixin
    private DirectoryOptions directories = new DirectoryOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        final List<Path> removed = directories.files().remove();
        out.println(removed.isEmpty() ? "nothing was installed" : "removed " + removed);
        out.flush();
        return ExitCodes.DONE;
    }
}
