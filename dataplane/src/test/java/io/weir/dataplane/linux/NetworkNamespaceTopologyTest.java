package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

@TopologyTest
class NetworkNamespaceTopologyTest {
    @Test
    void nameAndPathAndProcessMeanTheSameNamespace() throws Exception {
        try (TopologyNamespaces net = TopologyNamespaces.create()) {
            String name = net.namespace("pod");
            Process process = net.start("pod", "sleep", "100");
            String expected = net.run("pod", "readlink", "/proc/self/ns/net").trim();
            // ip execs the program in the process that it was, but only after entering the namespace.
            while (!link(process.pid()).equals(expected)) {
                Thread.sleep(5);
            }
            for (String reference : new String[] {
                name, net.path("pod").toString(), Long.toString(process.pid()), "/proc/" + process.pid() + "/ns/net"
            }) {
                try (NetworkNamespace namespace = NetworkNamespace.of(reference)) {
                    assertThat(namespace.call(NetworkNamespaceTopologyTest::ownLink))
                            .as(reference)
                            .isEqualTo(expected);
                }
            }
            assertThat(ownLink()).as("the calling thread stays").isNotEqualTo(expected);
        }
    }

    @Test
    void aNamespaceCanBeMadeAndDeleted() throws Exception {
        String name = "weir-t-" + ProcessHandle.current().pid() + "-0-made";
        try (NetworkNamespace made = NetworkNamespace.create(name);
                NetworkNamespace own = NetworkNamespace.current()) {
            assertThat(made.call(NetworkNamespaceTopologyTest::ownLink)).isNotEqualTo(ownLink());
            assertThat(own.call(NetworkNamespaceTopologyTest::ownLink)).isEqualTo(ownLink());
            Process ip = new ProcessBuilder("ip", "netns", "exec", name, "readlink", "/proc/self/ns/net").start();
            assertThat(new String(ip.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).trim())
                    .isEqualTo(made.call(NetworkNamespaceTopologyTest::ownLink));
            assertThatThrownBy(() -> NetworkNamespace.create(name))
                    .isInstanceOf(LinuxException.class)
                    .hasMessage("making the network namespace " + name + ": exists already (EEXIST)");
        } finally {
            NetworkNamespace.delete(name);
        }
        assertThat(Path.of("/run/netns", name)).doesNotExist();
        assertThatThrownBy(() -> NetworkNamespace.delete(name)).isInstanceOf(LinuxException.class);
    }

    @Test
    void whatTheActionThrowsIsThrown() {
        try (NetworkNamespace own = NetworkNamespace.current()) {
            assertThatThrownBy(() -> own.run(() -> {
                        throw new IllegalArgumentException("mine");
                    }))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("mine");
            assertThatThrownBy(() -> own.call(() -> {
                        throw new IOException("checked");
                    }))
                    .isInstanceOf(CompletionException.class)
                    .hasRootCauseMessage("checked");
        }
    }

    @Test
    void whatIsNoNamespaceIsSaidInASentence() {
        assertThatThrownBy(() -> NetworkNamespace.of("weir-t-nosuch"))
                .isInstanceOf(LinuxException.class)
                .hasMessage("opening the network namespace weir-t-nosuch: no such file, link or entry (ENOENT):"
                        + " make it with ip netns add weir-t-nosuch");
        assertThatThrownBy(() -> NetworkNamespace.of("/proc/self/status"))
                .hasMessage("opening the network namespace /proc/self/status: that is not a network namespace");
        assertThatThrownBy(() -> NetworkNamespace.of("/proc/self/ns/mnt"))
                .hasMessage("opening the network namespace /proc/self/ns/mnt: that is not a network namespace");
        assertThatThrownBy(() -> NetworkNamespace.of("4194305"))
                .hasMessage("opening the network namespace of process 4194305: no such process or entry (ESRCH)");
        assertThatThrownBy(() -> NetworkNamespace.of("99999999999999999999")).hasMessageContaining("no such process");
        assertThatThrownBy(() -> NetworkNamespace.of("")).hasMessageContaining("not empty");
        assertThatThrownBy(() -> NetworkNamespace.named("..")).hasMessageContaining("is no name");
    }

    private static String ownLink() throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    }

    private static String link(long pid) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net")).toString();
    }
}
