package io.weir.tools.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.tools.CommandRun;
import io.weir.tools.Weir;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A {@code weir agent} as a process in a namespace "node", behind an uplink to a namespace "outside", with weir's plugin
 * installed in directories of its own; and a runtime's part: calls of the plugin.
 */
final class AgentRig implements AutoCloseable {
    static final String NODE_ADDRESS = "192.168.7.1";
    static final String NODE_ADDRESS_IPV6 = "fd00:7::1";
    static final String OUTSIDE = "192.168.7.2";
    static final String OUTSIDE_IPV6 = "fd00:7::2";

    @SuppressWarnings("InlineFormatString") // easier to read here
    private static final String CONFIG = """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: node-1
            nodeAddresses: [192.168.7.1, "fd00:7::1"]
            podCidrs: [RANGE, "fd00:244:0:1::/64"]
            clusterCidrs: [10.244.0.0/16, "fd00:244::/48"]
            serviceCidrs: [10.96.0.0/16, "fd00:96::/112"]
            ports:
              uplinks:
              - {name: up, device: up0, addresses: [192.168.7.1/24, "fd00:7::1/64"], gateways: [192.168.7.2, "fd00:7::2"]}
            """;

    final TopologyNamespaces net = TopologyNamespaces.create();
    final Path directory;
    final Path config;
    final Path runDirectory;
    final Path confDirectory;
    final Path binDirectory;
    private @Nullable JavaProcess agent;

    /** What a plugin printed, and its exit code. */
    record Answer(int exitCode, String text) {
        JsonNode json() {
            try {
                return Json.MAPPER.readTree(text);
            } catch (final IOException e) {
                throw new UncheckedIOException(text, e);
            }
        }

        /** The address of a result, without its length. */
        String address(int index) {
            final String address =
                    json().path("ips").path(index).path("address").asText();
            return address.substring(0, address.indexOf('/'));
        }

        Answer expect(int code) {
            assertThat(exitCode).as(text).isEqualTo(code == 0 ? 0 : 1);
            if (code != 0) {
                assertThat(json().path("code").asInt()).as(text).isEqualTo(code);
            }
            return this;
        }
    }

    AgentRig(String podRange) {
        try {
            directory = Files.createTempDirectory("weir-cni-test");
            config = Files.createDirectory(directory.resolve("config"));
            runDirectory = directory.resolve("run");
            confDirectory = directory.resolve("net.d");
            binDirectory = directory.resolve("bin");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        write("node.yaml", CONFIG.replace("RANGE", podRange));
        net.namespace("node");
        net.namespace("outside");
        net.veth("node", "up0", "outside", "eth0");
        net.run("outside", "ip", "address", "add", OUTSIDE + "/24", "dev", "eth0");
        net.run("outside", "ip", "address", "add", OUTSIDE_IPV6 + "/64", "dev", "eth0");
    }

    void write(String file, String text) {
        try {
            Files.writeString(config.resolve(file), text);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the agent, and waits until it runs. */
    AgentRig start() {
        final JavaProcess process = JavaProcess.start(
                net,
                "node",
                JavaProcess.command(
                        List.of(),
                        Weir.class,
                        "agent",
                        "--config",
                        config.toString(),
                        "--run-dir",
                        runDirectory.toString()));
        process.await("weir runs");
        agent = process;
        return this;
    }

    /** Installs plugin and configuration; skips the test where there is no C compiler. */
    AgentRig install() {
        assumeCompiler();
        final CommandRun run = CommandRun.of(
                "install",
                "--run-dir",
                runDirectory.toString(),
                "--cni-conf-dir",
                confDirectory.toString(),
                "--cni-bin-dir",
                binDirectory.toString());
        assertThat(run.code()).as("%s", run).isZero();
        return this;
    }

    static void assumeCompiler() {
        TopologyNamespaces.assumeProgram("cc", "gcc");
        Assumptions.assumeTrue(
                Stream.of("/usr/include/stdlib.h").map(Path::of).allMatch(Files::exists),
                "the headers of the C library are missing; install the Debian package libc6-dev");
    }

    /** Kills the agent as the kernel does when memory runs out. */
    void kill() {
        agent().kill();
    }

    void terminate() {
        agent().stop();
    }

    private JavaProcess agent() {
        if (agent == null) {
            throw new IllegalStateException("the agent was not started");
        }
        return agent;
    }

    NetworkNamespace namespace(String label) {
        return NetworkNamespace.named(net.name(label));
    }

    /** A call as a runtime makes it; {@code more} is added to the configuration. */
    Answer call(String command, String container, String namespacePath, String version, String more, String arguments) {
        final String text = "{\"cniVersion\":\"" + version + "\",\"name\":\"weir\",\"type\":\"weir\",\"socket\":\""
                + runDirectory.resolve("node-1/api.sock") + "\"" + more + "}";
        return plugin(
                Map.of(
                        "CNI_COMMAND",
                        command,
                        "CNI_CONTAINERID",
                        container,
                        "CNI_NETNS",
                        namespacePath,
                        "CNI_IFNAME",
                        "eth0",
                        "CNI_ARGS",
                        arguments,
                        "CNI_PATH",
                        binDirectory.toString()),
                text);
    }

    Answer plugin(Map<String, String> environment, String input) {
        try {
            final ProcessBuilder builder = new ProcessBuilder(
                            binDirectory.resolve("weir").toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(environment);
            final Process process = builder.start();
            process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().close();
            final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Answer(process.waitFor(), text);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    Answer add(String label, String more) {
        return call("ADD", "id-" + label, net.path(label).toString(), "1.0.0", more, "");
    }

    Answer delete(String label) {
        return call("DEL", "id-" + label, net.path(label).toString(), "1.0.0", "", "");
    }

    /** Makes a namespace, and attaches it. */
    Answer pod(String label) {
        net.namespace(label);
        return add(label, "").expect(0);
    }

    /** The attachments' file, after its first line. */
    JsonNode book() {
        try {
            return Json.MAPPER.readTree(Files.readAllLines(runDirectory.resolve("node-1/attachments"))
                    .get(1));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            if (agent != null && agent.isAlive()) {
                terminate();
            }
        } finally {
            net.close();
            delete(directory);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (final Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
