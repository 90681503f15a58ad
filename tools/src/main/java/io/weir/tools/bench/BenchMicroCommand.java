package io.weir.tools.bench;

import io.weir.tools.command.CommandFailure;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir bench micro}. */
@Command(
        name = "micro",
        mixinStandardHelpOptions = true,
        description = "Run the micro-benchmarks (JMH): header checks, checksums, route lookup, flow cache, pipeline.",
        footer = {"", "Examples:", "  weir bench micro", "  weir bench micro RouteLookup --forks 3"})
public final class BenchMicroCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "PATTERN",
            defaultValue = "io.weir.bench",
            description = "Regular expression of benchmark names (default: all).")
    private String pattern = "";

    @Option(names = "--forks", defaultValue = "1", description = "JVMs to run in (default: ${DEFAULT-VALUE}).")
    private int forks;

    @Option(
            names = "--iterations",
            defaultValue = "5",
            description = "Measured iterations of a second each (default: ${DEFAULT-VALUE}).")
    private int iterations;

    @Override
    public void run() {
        check();
        final Options options = new OptionsBuilder()
                .include(pattern)
                .forks(forks)
                .warmupIterations(3)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(iterations)
                .measurementTime(TimeValue.seconds(1))
                .jvmArgs(
                        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dagrona.disable.bounds.checks=true",
                        "-Xmx4g")
                .build();
        try {
            new Runner(options).run();
        } catch (final NoBenchmarksException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "no micro-benchmark's name has '" + pattern + "' in it; there are " + String.join(", ", names()),
                    e);
        } catch (final RunnerException e) {
            throw new CommandFailure("the micro-benchmarks did not run: " + e.getMessage(), e);
        }
    }

    private void check() {
        if (forks < 1 || iterations < 1) {
            throw new ParameterException(spec.commandLine(), "forks and iterations must be 1 or more");
        }
        try {
            Pattern.compile(pattern);
        } catch (final PatternSyntaxException e) {
            throw new ParameterException(
                    spec.commandLine(), "'" + pattern + "' is no regular expression: " + e.getDescription(), e);
        }
    }

    private static List<String> names() {
        final OutputFormat silent = OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT);
        return BenchmarkList.defaultList().getAll(silent, List.of()).stream()
                .map(entry -> entry.getUsername().replaceFirst("^io\\.weir\\.bench\\.", ""))
                .sorted()
                .toList();
    }
}
