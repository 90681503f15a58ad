package io.weir.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the jcstress tests of this package in a process of their own, for some seconds; {@code -Dweir.stress.seconds=600}
 * makes it the given time. They are found by the list that jcstress's annotation processor writes.
 */
class StressTest {
    private static final String LIST = "META-INF/TestList";
    private static final int TESTS = 8;
    private static final String JVM =
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED --enable-native-access=ALL-UNNAMED"
                    + " -Dagrona.disable.bounds.checks=true -XX:+UseSerialGC -Xmx256m";

    @TempDir
    Path directory;

    @Test
    void whatThreadsShareHoldsUnderStress() throws IOException, InterruptedException {
        assumeTrue(
                StressTest.class.getClassLoader().getResource(LIST) != null,
                "compiled without annotation processors: run it by Maven");
        final int seconds = Integer.getInteger("weir.stress.seconds", 5);
        final int iterations = Math.max(1, seconds / TESTS / 2);
        final Path output = directory.resolve("output.txt");
        final Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.openjdk.jcstress.Main",
                        "-t",
                        "io.weir.stress",
                        "-f",
                        "1",
                        "-fsm",
                        "1",
                        "-iters",
                        String.valueOf(iterations),
                        "-time",
                        seconds < TESTS * 2 ? "200" : "2000",
                        "-sc",
                        "false",
                        "-af",
                        "NONE",
                        "-r",
                        directory.toString(),
                        "-jvmArgs",
                        JVM))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        final boolean ended = process.waitFor(120L + 5L * seconds, TimeUnit.SECONDS);
        process.destroyForcibly();
        final String text = Files.readString(output).replace('\r', '\n');
        assertThat(ended).as(text).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
        assertThat(text)
                .contains("Results: " + TESTS + " planned; " + TESTS + " passed, 0 failed, 0 soft errs, 0 hard errs");
    }
}
