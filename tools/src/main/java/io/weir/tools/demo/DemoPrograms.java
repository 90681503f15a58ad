package io.weir.tools.demo;

import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The programs that the demo drives, and the Debian packages that have them. */
final class DemoPrograms {
    private static final Map<String, String> PACKAGES = new LinkedHashMap<>();

    static {
        PACKAGES.put("ip", "iproute2");
        PACKAGES.put("ping", "iputils-ping");
        PACKAGES.put("curl", "curl");
        PACKAGES.put("nginx", "nginx-light");
        PACKAGES.put("etcd", "etcd-server");
        PACKAGES.put("etcdctl", "etcd-client");
        PACKAGES.put("tcpdump", "tcpdump");
        PACKAGES.put("setsid", "util-linux");
    }

    private final List<Path> folders;
    private final String aptGet;

    /**
     * @param folders where programs are looked for
     * @param aptGet  what installs packages
     */
    DemoPrograms(List<Path> folders, String aptGet) {
        this.folders = List.copyOf(folders);
        this.aptGet = aptGet;
    }

    /** As a shell of root's finds them. */
    static DemoPrograms ofThisMachine() {
        final String path = System.getenv("PATH");
        return new DemoPrograms(
                Stream.of(((path == null ? "" : path) + ":/usr/sbin:/sbin:/usr/bin:/bin").split(":", -1))
                        .filter(folder -> !folder.isEmpty())
                        .map(Path::of)
                        .toList(),
                "apt-get");
    }

    /** Names of packages whose programs are not there. */
    List<String> missing() {
        final List<String> missing = new ArrayList<>();
        PACKAGES.forEach((program, name) -> {
            if (!isThere(program)) {
                missing.add(name);
            }
        });
        return List.copyOf(new TreeSet<>(missing));
    }

    private boolean isThere(String program) {
        return folders.stream().anyMatch(folder -> Files.isExecutable(folder.resolve(program)));
    }

    /** Installs what is missing if asked to, and otherwise says what to do. */
    void require(boolean isInstalled, PrintWriter out) {
        final List<String> missing = missing();
        if (missing.isEmpty()) {
            return;
        }
        final String names = String.join(" ", missing);
        if (!isInstalled) {
            throw new CommandFailure("the demo needs the Debian packages " + names
                    + ". Install them with 'apt-get install --no-install-recommends " + names
                    + "', or let weir do it: weir demo --install");
        }
        out.println("installing " + names);
        out.flush();
        apt("update", "-qq");
        final List<String> install = new ArrayList<>(List.of("install", "-y", "-qq", "--no-install-recommends"));
        install.addAll(missing);
        apt(install.toArray(String[]::new));
        final List<String> still = missing();
        if (!still.isEmpty()) {
            throw new CommandFailure("still missing after the installation: " + String.join(" ", still));
        }
    }

    private void apt(String... arguments) {
        final List<String> command = new ArrayList<>(List.of(aptGet));
        command.addAll(List.of(arguments));
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
        builder.environment().put("RUNLEVEL", "1"); // packages start no services of their own
        try {
            final Process process = builder.start();
            process.getOutputStream().close();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new CommandFailure(String.join(" ", command) + " failed:\n" + output);
            }
        } catch (final IOException e) {
            throw new CommandFailure(
                    "apt-get can't be started (" + e.getMessage() + "); install the packages by hand", e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("interrupted", e);
        }
    }
}
