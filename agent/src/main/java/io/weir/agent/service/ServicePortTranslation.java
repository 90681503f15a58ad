package io.weir.agent.service;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.lb.AddressKind;
import io.weir.lb.BackendSpec;
import io.weir.lb.Scheduler;
import io.weir.lb.ServiceKey;
import io.weir.lb.ServiceSpec;
import io.weir.lb.TrafficPolicy;
import io.weir.lb.VirtualAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One Service with its EndpointSlices, translated: a spec for each of its ports and address families.
 *
 * @param specs           what to serve; no key twice
 * @param healthChecks    one for each family, when the Service has a health-check node port
 * @param noLocalInternal specs whose internal policy Local finds no endpoint here, though elsewhere there is one
 * @param noLocalExternal the same for the external policy
 * @param warnings        sentences about fields that could not be used
 */
record ServicePortTranslation(
        List<ServiceSpec> specs,
        List<HealthCheckNodePort> healthChecks,
        int noLocalInternal,
        int noLocalExternal,
        List<String> warnings) {
    /** Overrides the node's scheduler for one Service. */
    static final String SCHEDULER_ANNOTATION = "weir.io/scheduler";

    private static final String OTHER_PROXY_LABEL = "service.kubernetes.io/service-proxy-name";
    private static final String HEADLESS_LABEL = "service.kubernetes.io/headless";
    private static final long DEFAULT_AFFINITY_SECONDS = 10800;

    /** No sender has this address, so a range that cannot be read lets nobody in instead of everybody. */
    private static final String NOBODY_V4 = "0.0.0.0/32";

    private static final String NOBODY_V6 = "::/128";

    ServicePortTranslation {
        specs = List.copyOf(specs);
        healthChecks = List.copyOf(healthChecks);
        warnings = List.copyOf(warnings);
    }

    /** Headless and ExternalName Services are DNS's; the labels say that another proxy serves it. */
    static boolean isServed(Service service) {
        if (service.getSpec() == null || "ExternalName".equals(service.getSpec().getType())) {
            return false;
        }
        final Map<String, String> labels = service.getMetadata().getLabels();
        return labels == null || (!labels.containsKey(OTHER_PROXY_LABEL) && !labels.containsKey(HEADLESS_LABEL));
    }

    /** Slices that another proxy or DNS alone uses. */
    static boolean isServed(EndpointSlice slice) {
        final Map<String, String> labels = slice.getMetadata().getLabels();
        return labels != null && !labels.containsKey(OTHER_PROXY_LABEL) && !labels.containsKey(HEADLESS_LABEL);
    }

    static ServicePortTranslation of(Service service, List<EndpointSlice> slices, ServiceSurroundings node) {
        final List<String> warnings = new ArrayList<>();
        final List<ServiceSpec> specs = new ArrayList<>();
        final Set<IpAddress> localPods = new LinkedHashSet<>();
        final Map<Boolean, List<IpAddress>> clusterIps = clusterIps(service, warnings);
        for (final ServicePort port : orEmpty(service.getSpec().getPorts())) {
            for (final Map.Entry<Boolean, List<IpAddress>> family : clusterIps.entrySet()) {
                final List<KnownEndpoint> endpoints = endpoints(service, port, slices, family.getKey(), warnings);
                for (final KnownEndpoint endpoint : endpoints) {
                    if (endpoint.ready() && endpoint.node().equals(node.nodeName())) {
                        localPods.add(endpoint.address());
                    }
                }
                final ServiceSpec spec =
                        spec(service, port, family.getKey(), family.getValue(), endpoints, node, warnings);
                if (spec != null && specs.stream().noneMatch(each -> each.key().equals(spec.key()))) {
                    specs.add(spec);
                } else if (spec != null) {
                    warnings.add(nameOf(service) + " has two ports called '"
                            + spec.key().port() + "'; the first is served");
                }
            }
        }
        final Integer checkPort = service.getSpec().getHealthCheckNodePort();
        final List<HealthCheckNodePort> healthChecks = new ArrayList<>();
        if (isPort(checkPort) && isExternalLocal(service)) {
            for (final boolean ipv6 : clusterIps.keySet()) {
                healthChecks.add(new HealthCheckNodePort(
                        service.getMetadata().getNamespace(),
                        service.getMetadata().getName(),
                        ipv6,
                        checkPort,
                        Math.toIntExact(localPods.stream()
                                .filter(address -> address.isIpv6() == ipv6)
                                .count())));
            }
        }
        return new ServicePortTranslation(
                specs,
                healthChecks,
                countWithoutLocal(specs, ServiceSpec::internalPolicy, AddressKind.CLUSTER_IP::equals),
                countWithoutLocal(specs, ServiceSpec::externalPolicy, kind -> kind != AddressKind.CLUSTER_IP),
                warnings);
    }

    /** Load-balancer and external addresses that this Service is served at. */
    List<IpAddress> outsideAddresses() {
        return specs.stream()
                .flatMap(spec -> spec.addresses().stream())
                .filter(address ->
                        address.kind() == AddressKind.LOAD_BALANCER || address.kind() == AddressKind.EXTERNAL_IP)
                .map(VirtualAddress::address)
                .distinct()
                .toList();
    }

    /** Where this Service's node ports are. */
    List<NodePortPlace> nodePorts() {
        final List<NodePortPlace> places = new ArrayList<>();
        for (final ServiceSpec spec : specs) {
            for (final VirtualAddress address : spec.addresses()) {
                if (address.kind() == AddressKind.NODE_PORT) {
                    places.add(new NodePortPlace(address.address(), spec.protocol(), address.port()));
                }
            }
        }
        return places;
    }

    private static int countWithoutLocal(
            List<ServiceSpec> specs, Function<ServiceSpec, TrafficPolicy> policy, Predicate<AddressKind> scope) {
        int count = 0;
        for (final ServiceSpec spec : specs) {
            if (policy.apply(spec) == TrafficPolicy.LOCAL
                    && spec.addresses().stream().anyMatch(address -> scope.test(address.kind()))
                    && spec.backends().stream().anyMatch(BackendSpec::cluster)
                    && spec.backends().stream().noneMatch(BackendSpec::local)) {
                count++;
            }
        }
        return count;
    }

    private static @Nullable ServiceSpec spec(
            Service service,
            ServicePort port,
            boolean ipv6,
            List<IpAddress> clusterIps,
            List<KnownEndpoint> endpoints,
            ServiceSurroundings node,
            List<String> warnings) {
        final int protocol = protocol(port.getProtocol());
        if (protocol == 0 || !isPort(port.getPort())) {
            warnings.add(nameOf(service) + " port " + port.getPort() + "/" + port.getProtocol() + " is not served");
            return null;
        }
        final ServiceKey key = new ServiceKey(
                service.getMetadata().getNamespace(), service.getMetadata().getName(), orEmpty(port.getName()), ipv6);
        // kube-proxy ends UDP flows to endpoints that stopped serving; only the others keep theirs until the pod is
        // gone.
        final List<KnownEndpoint> kept = protocol == PacketParser.PROTOCOL_UDP
                ? endpoints.stream()
                        .filter(each -> each.serving() || each.ready())
                        .toList()
                : endpoints;
        final String distribution = service.getSpec().getTrafficDistribution();
        final List<KnownEndpoint> hinted =
                node.deriveHints() && distribution != null ? EndpointChoice.withDerivedHints(kept, distribution) : kept;
        return new ServiceSpec(
                key,
                protocol,
                addresses(service, port, ipv6, clusterIps, node, warnings),
                EndpointChoice.backends(hinted, node),
                "Local".equals(service.getSpec().getInternalTrafficPolicy())
                        ? TrafficPolicy.LOCAL
                        : TrafficPolicy.CLUSTER,
                isExternalLocal(service) ? TrafficPolicy.LOCAL : TrafficPolicy.CLUSTER,
                scheduler(service, node, warnings),
                node.maglevSize(),
                affinityTimeoutNs(service),
                sourceRanges(service, ipv6, warnings));
    }

    /** By family: false IPv4, true IPv6. Empty for a headless Service. */
    private static Map<Boolean, List<IpAddress>> clusterIps(Service service, List<String> warnings) {
        final List<String> several = orEmpty(service.getSpec().getClusterIPs());
        final String single = service.getSpec().getClusterIP();
        final List<String> texts = several.isEmpty() && single != null ? List.of(single) : several;
        final Map<Boolean, List<IpAddress>> byFamily = new LinkedHashMap<>();
        for (final String text : texts) {
            if (text.isEmpty() || text.equals("None")) {
                return Map.of();
            }
            final Optional<IpAddress> address = ServiceSurroundings.parse(text);
            if (address.isEmpty()) {
                warnings.add(nameOf(service) + " has the cluster IP '" + text + "', which is no address");
                continue;
            }
            byFamily.computeIfAbsent(address.get().isIpv6(), _ -> new ArrayList<>())
                    .add(address.get());
        }
        return byFamily;
    }

    private static List<VirtualAddress> addresses(
            Service service,
            ServicePort port,
            boolean ipv6,
            List<IpAddress> clusterIps,
            ServiceSurroundings node,
            List<String> warnings) {
        final Set<VirtualAddress> addresses = new LinkedHashSet<>();
        for (final IpAddress address : clusterIps) {
            addresses.add(new VirtualAddress(address, port.getPort(), AddressKind.CLUSTER_IP));
        }
        for (final String text : orEmpty(service.getSpec().getExternalIPs())) {
            add(addresses, service, text, ipv6, port.getPort(), AddressKind.EXTERNAL_IP, warnings);
        }
        if (service.getStatus() != null && service.getStatus().getLoadBalancer() != null) {
            for (final LoadBalancerIngress ingress :
                    orEmpty(service.getStatus().getLoadBalancer().getIngress())) {
                // A load balancer of mode Proxy terminates connections itself: its address must be reached, not served
                // here.
                if (ingress.getIp() != null && !ingress.getIp().isEmpty() && !"Proxy".equals(ingress.getIpMode())) {
                    add(addresses, service, ingress.getIp(), ipv6, port.getPort(), AddressKind.LOAD_BALANCER, warnings);
                }
            }
        }
        if (isPort(port.getNodePort())) {
            for (final IpAddress address : node.nodePortAddresses()) {
                if (address.isIpv6() == ipv6) {
                    addresses.add(new VirtualAddress(address, port.getNodePort(), AddressKind.NODE_PORT));
                }
            }
        }
        return List.copyOf(addresses);
    }

    private static void add(
            Set<VirtualAddress> addresses,
            Service service,
            String text,
            boolean ipv6,
            int port,
            AddressKind kind,
            List<String> warnings) {
        final Optional<IpAddress> address = ServiceSurroundings.parse(text);
        if (address.isEmpty()) {
            warnings.add(nameOf(service) + " has the " + kind.label() + " '" + text + "', which is no address");
        } else if (address.get().isIpv6() == ipv6) {
            addresses.add(new VirtualAddress(address.get(), port, kind));
        }
    }

    /** The endpoints of one port: matched by the port's name and protocol, so each slice may have its own number for it. */
    private static List<KnownEndpoint> endpoints(
            Service service, ServicePort port, List<EndpointSlice> slices, boolean ipv6, List<String> warnings) {
        final boolean publishNotReady = Boolean.TRUE.equals(service.getSpec().getPublishNotReadyAddresses());
        final Map<List<Object>, KnownEndpoint> byPlace = new LinkedHashMap<>();
        for (final EndpointSlice slice : slices) {
            if (!(ipv6 ? "IPv6" : "IPv4").equals(slice.getAddressType())) {
                continue;
            }
            for (final EndpointPort endpointPort : orEmpty(slice.getPorts())) {
                if (!orEmpty(endpointPort.getName()).equals(orEmpty(port.getName()))
                        || protocol(endpointPort.getProtocol()) != protocol(port.getProtocol())
                        || !isPort(endpointPort.getPort())) {
                    continue;
                }
                for (final Endpoint endpoint : orEmpty(slice.getEndpoints())) {
                    final List<String> texts = orEmpty(endpoint.getAddresses());
                    final Optional<IpAddress> address =
                            texts.isEmpty() ? Optional.empty() : ServiceSurroundings.parse(texts.get(0));
                    if (address.isEmpty() || address.get().isIpv6() != ipv6) {
                        warnings.add("EndpointSlice " + slice.getMetadata().getNamespace() + "/"
                                + slice.getMetadata().getName() + " has an endpoint without a usable address");
                        continue;
                    }
                    final KnownEndpoint known =
                            KnownEndpoint.of(endpoint, address.get(), endpointPort.getPort(), publishNotReady);
                    // While the controller moves an endpoint between slices it is in both; the better word counts.
                    byPlace.merge(
                            List.of(known.address(), known.port()),
                            known,
                            (a, b) -> b.usefulness() > a.usefulness() ? b : a);
                }
            }
        }
        return List.copyOf(byPlace.values());
    }

    private static boolean isExternalLocal(Service service) {
        final String type = orEmpty(service.getSpec().getType());
        final boolean reachable = type.equals("LoadBalancer")
                || type.equals("NodePort")
                || !orEmpty(service.getSpec().getExternalIPs()).isEmpty();
        return reachable && "Local".equals(service.getSpec().getExternalTrafficPolicy());
    }

    private static Scheduler scheduler(Service service, ServiceSurroundings node, List<String> warnings) {
        final Map<String, String> annotations = service.getMetadata().getAnnotations();
        final String wanted = annotations == null ? null : annotations.get(SCHEDULER_ANNOTATION);
        if (wanted == null) {
            return node.scheduler();
        }
        for (final Scheduler scheduler : Scheduler.values()) {
            if (scheduler.label().equals(wanted.toLowerCase(Locale.ROOT))) {
                return scheduler;
            }
        }
        warnings.add(nameOf(service) + " asks for the scheduler '" + wanted + "', which weir does not know");
        return node.scheduler();
    }

    private static long affinityTimeoutNs(Service service) {
        if (!"ClientIP".equals(service.getSpec().getSessionAffinity())) {
            return 0;
        }
        final Integer seconds = service.getSpec().getSessionAffinityConfig() == null
                        || service.getSpec().getSessionAffinityConfig().getClientIP() == null
                ? null
                : service.getSpec().getSessionAffinityConfig().getClientIP().getTimeoutSeconds();
        return TimeUnit.SECONDS.toNanos(seconds == null || seconds <= 0 ? DEFAULT_AFFINITY_SECONDS : seconds);
    }

    private static List<IpPrefix> sourceRanges(Service service, boolean ipv6, List<String> warnings) {
        final List<IpPrefix> ranges = new ArrayList<>();
        for (final String text : orEmpty(service.getSpec().getLoadBalancerSourceRanges())) {
            try {
                final IpPrefix range = IpPrefix.parse(text.strip());
                if (range.isIpv4() != ipv6) {
                    ranges.add(range);
                }
            } catch (final IllegalArgumentException e) {
                warnings.add(nameOf(service) + " has the source range '" + text + "', which lets nobody in");
                ranges.add(IpPrefix.parse(ipv6 ? NOBODY_V6 : NOBODY_V4));
            }
        }
        return ranges;
    }

    /** 0 for what weir does not serve. */
    private static int protocol(@Nullable String name) {
        return switch (name == null ? "TCP" : name.toUpperCase(Locale.ROOT)) {
            case "TCP" -> PacketParser.PROTOCOL_TCP;
            case "UDP" -> PacketParser.PROTOCOL_UDP;
            case "SCTP" -> PacketParser.PROTOCOL_SCTP;
            default -> 0;
        };
    }

    private static boolean isPort(@Nullable Integer port) {
        return port != null && port >= 1 && port <= 65535;
    }

    private static String nameOf(Service service) {
        return "Service " + service.getMetadata().getNamespace() + "/"
                + service.getMetadata().getName();
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
