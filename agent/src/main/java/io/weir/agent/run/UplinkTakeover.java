package io.weir.agent.run;

import io.weir.dataplane.linux.KernelAddress;
import io.weir.dataplane.linux.KernelRoute;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.wire.IpPrefix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the kernel's own stack away from interfaces that weir reads by AF_PACKET, where the kernel sees every frame too:
 * without this both would answer and forward.
 *
 * <p>The interface's addresses and routes are taken away; the kernel is told to ignore ARP there, to drop all IPv4 packets
 * (strict reverse path filter, with no route by the interface) and to have no IPv6. All of it is put back by
 * {@link #close}, also what a weir that was killed had taken: it is noted in a file.
 */
final class UplinkTakeover implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(UplinkTakeover.class);
    private static final Path SYSCTL = Path.of("/proc/sys/net");

    /** Who set a route: the kernel itself, because of an address; it does so again when the address comes back. */
    private static final int SET_BY_KERNEL = 2;

    private final NetworkNamespace namespace;
    private final Rtnetlink network;
    private final Path notes;
    private final Map<String, TakenUplink> taken = new HashMap<>();

    UplinkTakeover(NetworkNamespace namespace, Rtnetlink network, Path notes) {
        this.namespace = namespace;
        this.network = network;
        this.notes = notes;
        if (Files.exists(notes)) {
            try {
                TakenUplink.read(Files.readAllLines(notes)).forEach(uplink -> taken.put(uplink.device(), uplink));
            } catch (final IOException e) {
                throw new UncheckedIOException("reading " + notes, e);
            }
        }
    }

    /** Takes these interfaces and gives all others back. */
    void reconcile(Collection<String> devices) {
        for (final String gone : new HashSet<>(taken.keySet())) {
            if (!devices.contains(gone)) {
                giveBack(gone);
            }
        }
        for (final String device : devices) {
            if (!taken.containsKey(device)) {
                taken.put(device, describe(device));
                note(); // first, so that a kill leaves nothing unknown
                take(device);
            }
        }
        note();
    }

    /** What the kernel reached by way of the taken interfaces, networks and gateways alike. */
    Set<IpPrefix> destinations() {
        final Set<IpPrefix> destinations = new LinkedHashSet<>();
        for (final TakenUplink uplink : taken.values()) {
            uplink.addresses().stream()
                    .filter(address -> !address.address().isLinkLocal())
                    .forEach(address -> destinations.add(new IpPrefix(address.address(), address.prefixLength())));
            uplink.routes().forEach(route -> destinations.add(route.destination()));
        }
        destinations.removeIf(
                destination -> destination.length() == destination.address().bitLength()
                        || destination.address().isLinkLocal()
                        || destination.address().isMulticast());
        return destinations;
    }

    private TakenUplink describe(String device) {
        final int index = network.links().index(device);
        final List<KernelAddress> addresses = network.addresses().list().stream()
                .filter(address -> address.interfaceIndex() == index)
                .toList();
        final List<KernelRoute> routes = network.routes().list().stream()
                .filter(route -> route.interfaceIndex() == index && route.protocol() != SET_BY_KERNEL)
                .toList();
        final Map<String, String> settings = new HashMap<>();
        namespace.run(() -> wantedSettings(device).keySet().forEach(setting -> {
            if (Files.exists(SYSCTL.resolve(setting))) {
                settings.put(setting, read(setting));
            }
        }));
        return new TakenUplink(device, addresses, routes, settings);
    }

    private static Map<String, String> wantedSettings(String device) {
        return Map.of(
                "ipv4/conf/" + device + "/arp_ignore", "8",
                "ipv4/conf/" + device + "/rp_filter", "1",
                "ipv4/conf/" + device + "/forwarding", "0",
                "ipv6/conf/" + device + "/disable_ipv6", "1");
    }

    private void take(String device) {
        final TakenUplink uplink = taken.get(device);
        if (uplink == null) {
            return;
        }
        namespace.run(() -> wantedSettings(device).forEach((setting, value) -> {
            if (uplink.settings().containsKey(setting)) {
                write(setting, value);
            }
        }));
        uplink.addresses().stream()
                .filter(address -> address.address().isIpv4())
                .forEach(address -> network.addresses().delete(device, address.address(), address.prefixLength()));
    }

    private void giveBack(String device) {
        final TakenUplink uplink = taken.remove(device);
        if (uplink == null || network.links().find(device).isEmpty()) {
            return;
        }
        namespace.run(() -> uplink.settings().forEach(UplinkTakeover::write));
        uplink.addresses()
                .forEach(address -> network.addresses().add(device, address.address(), address.prefixLength()));
        final int index = network.links().index(device);
        for (final KernelRoute route : uplink.inOrder()) {
            network.routes()
                    .replace(new KernelRoute(
                            route.destination(),
                            route.gateway(),
                            index,
                            route.onlink(),
                            route.preferredSource(),
                            route.table(),
                            route.protocol(),
                            route.metric(),
                            route.mtu()));
        }
    }

    private void note() {
        try {
            if (taken.isEmpty()) {
                Files.deleteIfExists(notes);
            } else {
                final List<String> lines = new ArrayList<>();
                taken.values().forEach(uplink -> lines.addAll(uplink.lines()));
                Files.write(notes, lines);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("writing " + notes, e);
        }
    }

    private static String read(String setting) {
        try {
            return Files.readString(SYSCTL.resolve(setting)).trim();
        } catch (final IOException e) {
            throw new UncheckedIOException("reading " + setting, e);
        }
    }

    private static void write(String setting, String value) {
        try {
            Files.writeString(SYSCTL.resolve(setting), value);
        } catch (final IOException e) {
            throw new UncheckedIOException("setting " + setting + " to " + value, e);
        }
    }

    @Override
    public void close() {
        for (final String device : new HashSet<>(taken.keySet())) {
            try {
                giveBack(device);
            } catch (final RuntimeException e) {
                LOGGER.warn("{} could not be given back to the kernel as it was: {}", device, e.getMessage());
            }
        }
        note();
    }
}
