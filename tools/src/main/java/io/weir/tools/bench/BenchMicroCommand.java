package io.weir.tools.bench;

import io.weir.tools.command.CommandFailure;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code weir bench micro}. */
@Command(
        name = "micro",
        mixinStandardHelpOptions = true,
        description = "Run the micro-benchmarks (JMH): header checks, checksums, route lookup, flow cache, pipeline.",
        footer = {"", "Examples:", "  weir bench micro", "  weir bench micro RouteLookup --forks 3"})
public final class BenchMicroCommand implements Runnable {
    @Parameters(
            arity = "0..1",
            paramLabel = "PATTERN",
            defaultValue = "io.weir.bench.micro",
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
        } catch (final RunnerException e) {
            throw new CommandFailure("the micro-benchmarks did not run: " + e.getMessage(), e);
        }
    }
}
