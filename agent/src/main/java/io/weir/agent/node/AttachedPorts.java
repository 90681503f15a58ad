package io.weir.agent.node;

import io.weir.agent.config.ConfigException;
import io.weir.agent.config.HostPortConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.worker.Dataplane;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;

/**
 * The ports that a node's dataplane has, made to be those that the configuration wants. New ports are made before old ones
 * go, so that a port that can't be had leaves everything as it was.
 */
final class AttachedPorts {
    private final Dataplane dataplane;
    private final NodePorts ports;

    private final Map<String, PodPort> pods = new TreeMap<>();
    private final Map<UplinkConfig, NodePorts.Attached> uplinks = new LinkedHashMap<>();
    private Map<String, String> failures = Map.of();
    private @Nullable HostPortConfig hostConfig;
    private NodePorts.@Nullable Attached host;

    private record PodPort(LocalPod pod, String place, NodePorts.Attached port) {}

    AttachedPorts(Dataplane dataplane, NodePorts ports) {
        this.dataplane = dataplane;
        this.ports = ports;
    }

    /**
     * Attaches what is new and detaches what is gone or different now; the caller publishes the changes. A pod that the
     * runtime attached and whose port can't be had is noted in {@link #failures} and concerns no other.
     *
     * @param arrange   sets what the ports need around them, as soon as all of them are made
     * @param rearrange sets it as it was
     * @throws RuntimeException what {@link NodePorts} throws when another port can't be had, or what {@code arrange} throws;
     *     nothing has changed then
     */
    void reconcile(LocalNode node, Changes changes, Runnable arrange, Runnable rearrange) {
        final Making making = new Making(node);
        try {
            making.uplinks();
            making.host();
            making.pods();
            arrange.run();
        } catch (RuntimeException e) {
            making.undo();
            try {
                rearrange.run();
            } catch (RuntimeException further) {
                e.addSuppressed(further);
            }
            throw e;
        }
        making.commit(changes);
    }

    Map<String, Ingress> podPorts() {
        final Map<String, Ingress> ingresses = new TreeMap<>();
        pods.forEach((name, pod) -> ingresses.put(name, pod.port.ingress()));
        return Collections.unmodifiableMap(ingresses);
    }

    /** Pods whose port could not be had the last time, with the reason. */
    Map<String, String> failures() {
        return failures;
    }

    /** In the order of the configuration. */
    Map<UplinkConfig, Ingress> uplinks() {
        final Map<UplinkConfig, Ingress> ingresses = new LinkedHashMap<>();
        uplinks.forEach((uplink, port) -> ingresses.put(uplink, port.ingress()));
        return Collections.unmodifiableMap(ingresses);
    }

    @Nullable
    Ingress host() {
        return host == null ? null : host.ingress();
    }

    /** Gives back what is behind the ports, whose queues the dataplane has closed. */
    void release() {
        final List<Runnable> releases = new ArrayList<>();
        pods.values().forEach(pod -> releases.add(pod.port.release()));
        if (host != null) {
            releases.add(host.release());
        }
        uplinks.values().forEach(uplink -> releases.add(uplink.release()));
        pods.clear();
        uplinks.clear();
        host = null;
        releases.forEach(Runnable::run);
    }

    /** One pass of making what is wanted. */
    private final class Making {
        private final LocalNode node;
        private final List<Integer> freeIds = new ArrayList<>();
        private final List<NodePorts.Attached> made = new ArrayList<>();
        private final Map<UplinkConfig, NodePorts.Attached> wantedUplinks = new LinkedHashMap<>();
        private final Map<String, PodPort> wantedPods = new HashMap<>();
        private final Map<String, String> failed = new TreeMap<>();
        private NodePorts.@Nullable Attached wantedHost;

        Making(LocalNode node) {
            this.node = node;
            final List<@Nullable Ingress> known = dataplane.ingresses();
            for (int id = 0; id < known.size(); id++) {
                if (known.get(id) == null) {
                    freeIds.add(id);
                }
            }
        }

        private int freeId() {
            if (freeIds.isEmpty()) {
                final int most = dataplane.ingresses().size();
                throw new ConfigException(
                        node.configOrigin(),
                        "tables.ports",
                        most,
                        "the node needs more ports; raise it and restart weir");
            }
            return freeIds.getFirst();
        }

        private NodePorts.Attached keep(NodePorts.Attached port) {
            freeIds.remove(Integer.valueOf(port.ingress().port()));
            made.add(port);
            return port;
        }

        void uplinks() {
            for (final UplinkConfig uplink : node.config().ports().uplinks()) {
                final NodePorts.Attached before = AttachedPorts.this.uplinks.get(uplink);
                wantedUplinks.put(uplink, before != null ? before : keep(ports.uplink(uplink, freeId())));
            }
        }

        void host() {
            final HostPortConfig wanted = node.config().ports().host();
            if (!wanted.enabled()) {
                return;
            }
            wantedHost = wanted.equals(hostConfig)
                    ? host
                    : ports.host(wanted, freeId()).map(this::keep).orElse(null);
        }

        /** Those that change come last: a device that they share with their former self is not undone. */
        void pods() {
            final List<LocalPod> different = new ArrayList<>();
            node.pods().forEach((name, pod) -> {
                final PodPort before = AttachedPorts.this.pods.get(name);
                if (before == null) {
                    pod(pod);
                } else if (before.pod.addresses().equals(pod.addresses())
                        && Objects.equals(before.pod.attachment(), pod.attachment())
                        && before.port.ingress().mtu() == node.podMtu()
                        && ports.placeOf(pod)
                                .filter(place -> !place.equals(before.place))
                                .isEmpty()) {
                    wantedPods.put(name, new PodPort(pod, before.place, before.port));
                } else {
                    different.add(pod);
                }
            });
            different.forEach(this::pod);
        }

        private void pod(LocalPod pod) {
            if (pod.attachment() == null) {
                attach(pod);
                return;
            }
            try {
                attach(pod);
            } catch (final ConfigException | LinuxException e) {
                failed.put(pod.name(), String.valueOf(e.getMessage()));
            }
        }

        private void attach(LocalPod pod) {
            final Optional<NodePorts.Attached> port = ports.pod(pod, freeId(), node.podMtu());
            if (port.isPresent()) {
                wantedPods.put(pod.name(), new PodPort(pod, ports.placeOf(pod).orElse(""), keep(port.get())));
            }
        }

        void undo() {
            for (final NodePorts.Attached port : made.reversed()) {
                CloseHelper.closeAll(port.queues());
                port.release().run();
            }
        }

        void commit(Changes changes) {
            made.forEach(port -> dataplane.attach(port.ingress(), port.queues()));
            AttachedPorts.this
                    .uplinks
                    .values()
                    .forEach(port -> detachUnless(wantedUplinks.containsValue(port), port, changes));
            AttachedPorts.this.uplinks.clear();
            AttachedPorts.this.uplinks.putAll(wantedUplinks);
            if (host != null) {
                detachUnless(host.equals(wantedHost), host, changes);
            }
            host = wantedHost;
            hostConfig = node.config().ports().host();
            AttachedPorts.this.pods.forEach((name, pod) -> {
                final PodPort now = wantedPods.get(name);
                detachUnless(now != null && now.port.equals(pod.port), pod.port, changes);
            });
            AttachedPorts.this.pods.clear();
            AttachedPorts.this.pods.putAll(wantedPods);
            failures = Collections.unmodifiableMap(failed);
        }

        private void detachUnless(boolean stays, NodePorts.Attached port, Changes changes) {
            if (!stays) {
                dataplane.detach(port.ingress().port(), changes);
                changes.whenPassed(port.release());
            }
        }
    }
}
