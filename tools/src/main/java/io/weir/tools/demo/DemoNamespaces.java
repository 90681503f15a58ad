package io.weir.tools.demo;

import io.weir.dataplane.linux.AtExit;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Network namespaces of a demo: made under given names, and gone with everything in them afterwards, also after Ctrl-C. */
final class DemoNamespaces implements AutoCloseable {
    private final Map<String, NetworkNamespace> namespaces = new TreeMap<>();
    private final AtExit atExit = new AtExit("removing namespaces", this::removeAll);

    /** Makes one, with its loopback up. */
    synchronized NetworkNamespace create(String name) {
        final NetworkNamespace namespace = NetworkNamespace.create(name);
        namespaces.put(name, namespace);
        try (Rtnetlink network = Rtnetlink.open(namespace)) {
            network.links().up("lo");
        }
        return namespace;
    }

    /** Runs a program inside and returns what it prints, on both streams. */
    static String run(NetworkNamespace namespace, String... command) {
        return namespace.call(() -> {
            try {
                // a process is born in the namespace of the thread that starts it
                final Process process = new ProcessBuilder(List.of(command))
                        .redirectErrorStream(true)
                        .start();
                process.getOutputStream().close();
                final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (process.waitFor() != 0) {
                    throw new CommandFailure(String.join(" ", command) + " failed:\n" + output);
                }
                return output;
            } catch (final IOException e) {
                throw new CommandFailure("the demo needs the program " + command[0] + ": " + e.getMessage(), e);
            }
        });
    }

    private synchronized void removeAll() {
        namespaces.forEach((name, namespace) -> {
            namespace.close();
            try {
                NetworkNamespace.delete(name);
            } catch (final LinuxException e) {
                System.err.println("weir: " + e.getMessage());
            }
        });
        namespaces.clear();
    }

    @Override
    public void close() {
        removeAll();
        atExit.cancel();
    }
}
