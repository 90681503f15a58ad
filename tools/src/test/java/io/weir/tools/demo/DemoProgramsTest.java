package io.weir.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir demo --install} on a machine that lacks programs: folders of this test's stand in for it. */
class DemoProgramsTest {
    private static final List<String> ALL =
            List.of("ip", "ping", "curl", "nginx", "etcd", "etcdctl", "tcpdump", "setsid");

    @TempDir
    private Path machine;

    private final StringWriter out = new StringWriter();

    private void program(String name, String script) throws IOException {
        final Path file = Files.writeString(machine.resolve(name), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private DemoPrograms programs() {
        return new DemoPrograms(
                List.of(machine.resolve("elsewhere"), machine),
                machine.resolve("apt-get").toString());
    }

    private void require(boolean isInstalled) {
        programs().require(isInstalled, new PrintWriter(out, true));
    }

    private void allBut(String... missing) throws IOException {
        for (final String name : ALL) {
            if (!List.of(missing).contains(name)) {
                program(name, "");
            }
        }
    }

    @Test
    void withEverythingThereNothingIsInstalled() throws IOException {
        allBut();
        require(true);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void unaskedItSaysWhatToInstall() throws IOException {
        allBut("nginx", "etcd");
        assertThatThrownBy(() -> require(false))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("the Debian packages etcd-server nginx-light")
                .hasMessageContaining("weir demo --install");
    }

    @Test
    void askedItInstallsWhatIsMissingAndNoMore() throws IOException {
        allBut("nginx", "etcd");
        program("apt-get", """
                echo "$@" >> %1$s/calls; [ "$1" = install ] || exit 0
                for name in nginx etcd; do printf '#!/bin/sh\\n' > %1$s/$name; chmod +x %1$s/$name; done""".formatted(machine));
        require(true);
        assertThat(out.toString()).isEqualTo("installing etcd-server nginx-light\n");
        assertThat(Files.readAllLines(machine.resolve("calls")))
                .containsExactly("update -qq", "install -y -qq --no-install-recommends etcd-server nginx-light");
    }

    @Test
    void whatCanNotBeInstalledIsAnError() throws IOException {
        allBut("nginx");
        program("apt-get", "echo no network; exit 100");
        assertThatThrownBy(() -> require(true))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("apt-get update -qq failed:\nno network");
        program("apt-get", "");
        assertThatThrownBy(() -> require(true))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("still missing after the installation: nginx-light");
        Files.delete(machine.resolve("apt-get"));
        assertThatThrownBy(() -> require(true))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("install the packages by hand");
    }
}
