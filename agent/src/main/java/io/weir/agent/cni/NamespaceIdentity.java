package io.weir.agent.cni;

import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Tells network namespaces apart, also those that come one after the other at the same path. */
final class NamespaceIdentity {
    private NamespaceIdentity() {}

    /** Device and inode of the namespace's file; empty when there is none, or something else at that path. */
    static Optional<String> of(String path) {
        try (NetworkNamespace _ = NetworkNamespace.at(Path.of(path))) {
            return Optional.of(Files.getAttribute(Path.of(path), "unix:dev") + ":"
                    + Files.getAttribute(Path.of(path), "unix:ino"));
        } catch (final LinuxException | IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
