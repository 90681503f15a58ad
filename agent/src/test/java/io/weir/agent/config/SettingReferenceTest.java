package io.weir.agent.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The module's README holds the reference; {@code -Dweir.reference.write=true} writes it anew. */
final class SettingReferenceTest {
    private static final Path README = Path.of("README.md");
    private static final String BEGIN = "<!-- settings: made of the records, see SettingReferenceTest -->\n";
    private static final String END = "<!-- end of settings -->\n";

    @Test
    void readmeHoldsEverySetting() throws IOException {
        final String readme = Files.readString(README);
        final int begin = readme.indexOf(BEGIN) + BEGIN.length();
        final int end = readme.indexOf(END);
        assertThat(begin).as("the begin mark").isGreaterThan(BEGIN.length());
        assertThat(end).as("the end mark").isGreaterThanOrEqualTo(begin);
        if (Boolean.getBoolean("weir.reference.write")) {
            Files.writeString(README, readme.substring(0, begin) + SettingReference.markdown() + readme.substring(end));
            return;
        }
        assertThat(readme.substring(begin, end)).isEqualTo(SettingReference.markdown());
    }
}
