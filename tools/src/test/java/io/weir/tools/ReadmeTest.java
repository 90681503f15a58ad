package io.weir.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What the README shows of commands that change nothing is what they print. */
class ReadmeTest {
    /** A block that begins with a command: the command, and what it prints. */
    private static final Pattern SHOWN = Pattern.compile("```\n\\$ \\./weir ([^\n]+)\n(.*?)```", Pattern.DOTALL);

    @TestFactory
    List<DynamicTest> commandsPrintWhatIsShown() throws IOException {
        final List<DynamicTest> tests = new ArrayList<>();
        SHOWN.matcher(Files.readString(Path.of("../README.md")))
                .results()
                .forEach(shown -> tests.add(DynamicTest.dynamicTest(shown.group(1), () -> {
                    final CommandRun run = CommandRun.of(
                            shown.group(1).replace("examples/", "../examples/").split(" "));
                    assertThat(run.err()).isEmpty();
                    assertThat(run.out()).isEqualTo(shown.group(2));
                })));
        assertThat(tests).hasSizeGreaterThan(1);
        return tests;
    }
}
