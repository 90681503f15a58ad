package io.weir.dataplane.offload;

import io.weir.dataplane.linux.KernelLink;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;

/**
 * The network namespace where the switch's ends of pods' veths meet weir's TAPs. It has no addresses and forwards nothing: without a
 * weir, what pods send ends there. It has a name, so that the next weir finds it, and with it the pods' interfaces.
 */
final class SwitchNamespace implements AutoCloseable {
    private static final Path WITHOUT_IPV6 = Path.of("/proc/sys/net/ipv6/conf/default/disable_ipv6");

    private final String name;
    private final NetworkNamespace namespace;
    private final Rtnetlink network;

    private SwitchNamespace(String name, NetworkNamespace namespace, Rtnetlink network) {
        this.name = name;
        this.namespace = namespace;
        this.network = network;
    }

    static SwitchNamespace open(String name) {
        final NetworkNamespace namespace = exists(name) ? found(name) : NetworkNamespace.create(name);
        try {
            withoutIpv6(namespace);
            return new SwitchNamespace(name, namespace, Rtnetlink.open(namespace));
        } catch (final RuntimeException e) {
            namespace.close();
            throw e;
        }
    }

    static boolean exists(String name) {
        return Files.exists(NetworkNamespace.FOLDER.resolve(name));
    }

    private static NetworkNamespace found(String name) {
        try {
            return NetworkNamespace.named(name);
        } catch (final LinuxException e) {
            // A file that is no namespace is what an unfinished creation leaves.
            NetworkNamespace.delete(name);
            return NetworkNamespace.create(name);
        }
    }

    private static void withoutIpv6(NetworkNamespace namespace) {
        try {
            namespace.call(() -> Files.exists(WITHOUT_IPV6) ? Files.writeString(WITHOUT_IPV6, "1") : WITHOUT_IPV6);
        } catch (final CompletionException e) {
            if (e.getCause() instanceof IOException) {
                throw LinuxException.of(
                        "switching IPv6 off in the " + namespace, 13, "weir needs to write " + WITHOUT_IPV6);
            }
            throw e;
        }
    }

    NetworkNamespace namespace() {
        return namespace;
    }

    Rtnetlink network() {
        return network;
    }

    /** Deletes the interfaces in it, and with them those of the pods. */
    void clear() {
        network.links().list().stream()
                .filter(link -> !link.isLoopback())
                .forEach(link -> network.links().delete(link.name()));
    }

    /** Lets go of it; when no interface is left in it, it goes. */
    @Override
    public void close() {
        try {
            if (network.links().list().stream().allMatch(KernelLink::isLoopback)) {
                NetworkNamespace.delete(name);
            }
        } finally {
            network.close();
            namespace.close();
        }
    }
}
