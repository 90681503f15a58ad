package io.weir.tools;

import io.weir.agent.config.ConfigException;
import io.weir.tools.bench.BenchCommand;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.demo.DemoCommand;
import io.weir.tools.inspect.ConfigCommand;
import io.weir.tools.inspect.ExplainCommand;
import io.weir.tools.inspect.GraphCommand;
import io.weir.tools.install.InstallCommand;
import io.weir.tools.install.UninstallCommand;
import io.weir.tools.observe.CaptureCommand;
import io.weir.tools.observe.ConntrackCommand;
import io.weir.tools.observe.DropsCommand;
import io.weir.tools.observe.FlowsCommand;
import io.weir.tools.observe.NodesCommand;
import io.weir.tools.observe.PodsCommand;
import io.weir.tools.observe.ServicesCommand;
import io.weir.tools.observe.StatCommand;
import io.weir.tools.observe.TopCommand;
import io.weir.tools.observe.TraceCommand;
import io.weir.tools.observe.TunnelsCommand;
import io.weir.tools.policy.PolicyCommand;
import io.weir.tools.replay.ReplayCommand;
import io.weir.tools.run.AgentCommand;
import io.weir.tools.run.RunCommand;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code weir}. */
@Command(
        name = "weir",
        mixinStandardHelpOptions = true,
        version = "weir 0.1.0",
        synopsisSubcommandLabel = "COMMAND",
        description = "A userspace packet-forwarding dataplane for Kubernetes nodes.",
        subcommands = {
            AgentCommand.class,
            BenchCommand.class,
            CaptureCommand.class,
            ConfigCommand.class,
            ConntrackCommand.class,
            DemoCommand.class,
            DropsCommand.class,
            ExplainCommand.class,
            FlowsCommand.class,
            GraphCommand.class,
            InstallCommand.class,
            NodesCommand.class,
            PodsCommand.class,
            PolicyCommand.class,
            ReplayCommand.class,
            RunCommand.class,
            ServicesCommand.class,
            TunnelsCommand.class,
            StatCommand.class,
            TopCommand.class,
            TraceCommand.class,
            UninstallCommand.class
        },
        footer = {
            "",
            "Each command explains itself: weir COMMAND --help.",
            "Exit codes: 0 done, 1 the work failed, 2 the command line or the configuration is wrong."
        })
public final class Weir implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name a command");
    }

    /** Runs one command and exits with its code. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The whole command tree, with errors going to the command line's own writers. */
    public static CommandLine commandLine() {
        final CommandLine commandLine = new CommandLine(new Weir());
        commandLine.setExecutionExceptionHandler((e, failed, _) -> failed(e, failed.getErr()));
        commandLine.setParameterExceptionHandler((e, _) -> badUsage(e));
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setUsageHelpWidth(100);
        return commandLine;
    }

    private static int failed(Exception e, PrintWriter err) {
        final int code = e instanceof ConfigException ? ExitCodes.BAD_INPUT : ExitCodes.FAILED;
        if (e instanceof ConfigException || e instanceof CommandFailure) {
            err.println("weir: " + e.getMessage());
        } else {
            err.println("weir: this is a defect in weir; please report it with these lines:");
            e.printStackTrace(err);
        }
        err.flush();
        return code;
    }

    private static int badUsage(ParameterException e) {
        final CommandLine failed = e.getCommandLine();
        final PrintWriter err = failed.getErr();
        err.println("weir: " + e.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
        err.println("Try '" + failed.getCommandSpec().qualifiedName() + " --help'.");
        err.flush();
        return ExitCodes.BAD_INPUT;
    }
}
