package io.weir.agent.service;

import io.weir.lb.EndpointState;
import io.weir.lb.ServiceStatus;
import io.weir.lb.ServiceStatus.BackendStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What Prometheus learns of Services: kube-proxy's and Cilium's names where the meaning is theirs, and {@code weir_service_}
 * for the rest. The control thread counts, any thread reads.
 */
public final class ServiceMetrics {
    /** kube-proxy's: 1 ms, doubling 14 times. */
    private static final double[] SYNC_BOUNDS =
            IntStream.range(0, 15).mapToDouble(i -> 0.001 * (1 << i)).toArray();

    /** kube-proxy's: 0.25 and 0.5 s, every second to a minute, every 5 to two, every 30 to five. */
    private static final double[] PROGRAMMING_BOUNDS = Stream.of(
                    DoubleStream.of(0.25, 0.5),
                    IntStream.range(1, 60).asDoubleStream(),
                    IntStream.range(0, 12).mapToDouble(i -> 60 + 5 * i),
                    IntStream.range(0, 7).mapToDouble(i -> 120 + 30 * i))
            .flatMapToDouble(each -> each)
            .toArray();

    private final DurationHistogram sync = new DurationHistogram(
            "kubeproxy_sync_proxy_rules_duration_seconds", "Time to apply a change of Services.", SYNC_BOUNDS);
    private final DurationHistogram programming = new DurationHistogram(
            "kubeproxy_network_programming_duration_seconds",
            "Time from an endpoint's change, as its EndpointSlice says it, until it is in force here.",
            PROGRAMMING_BOUNDS);
    private final AtomicLong endpointChanges = new AtomicLong();
    private final AtomicLong servicesAdded = new AtomicLong();
    private final AtomicLong servicesUpdated = new AtomicLong();
    private final AtomicLong servicesDeleted = new AtomicLong();
    private final AtomicLong staleIpv4 = new AtomicLong();
    private final AtomicLong staleIpv6 = new AtomicLong();
    private volatile int noLocalInternal;
    private volatile int noLocalExternal;
    private volatile double lastSyncSeconds;
    private final List<Instant> triggers = new ArrayList<>();

    /** An EndpointSlice came, changed or went. */
    void endpointsChanged() {
        endpointChanges.incrementAndGet();
    }

    /** @param trigger when an endpoint of the slice changed, in RFC 3339, as its controller noted it; null for no note */
    void triggered(@Nullable String trigger) {
        if (trigger != null) {
            instant(trigger).ifPresent(triggers::add);
        }
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (final DateTimeParseException e) {
            return Optional.empty(); // only a measurement is lost
        }
    }

    void serviceChanged(boolean was, boolean is) {
        (was && is ? servicesUpdated : is ? servicesAdded : servicesDeleted).incrementAndGet();
    }

    /** All changes so far are in force. */
    public void applied(TranslatedServices services, Duration took, Instant now) {
        sync.add(took.toNanos() / 1e9);
        for (final Instant trigger : triggers) {
            programming.add(Math.max(0, Duration.between(trigger, now).toMillis() / 1e3));
        }
        triggers.clear();
        noLocalInternal = services.noLocalInternal();
        noLocalExternal = services.noLocalExternal();
        lastSyncSeconds = now.toEpochMilli() / 1e3;
    }

    /** UDP flows were ended because they would have missed a Service or an endpoint. */
    public void staleConnectionsEnded(boolean ipv6, int count) {
        (ipv6 ? staleIpv6 : staleIpv4).addAndGet(count);
    }

    /** In the text format of Prometheus, version 0.0.4. */
    public void appendTo(StringBuilder page, List<ServiceStatus> services) {
        sync.appendTo(page);
        programming.appendTo(page);
        head(page, "kubeproxy_sync_proxy_rules_last_timestamp_seconds", "gauge", "When Services were applied last.");
        page.append("kubeproxy_sync_proxy_rules_last_timestamp_seconds ")
                .append(String.format(Locale.ROOT, "%.3f", lastSyncSeconds))
                .append('\n');
        count(
                page,
                "kubeproxy_sync_proxy_rules_endpoint_changes_total",
                "Changes of endpoints.",
                endpointChanges.get());
        final long changes = servicesAdded.get() + servicesUpdated.get() + servicesDeleted.get();
        count(page, "kubeproxy_sync_proxy_rules_service_changes_total", "Changes of Services.", changes);
        final String noLocal = "kubeproxy_sync_proxy_rules_no_local_endpoints_total";
        head(
                page,
                noLocal,
                "gauge",
                "Service ports of policy Local without an endpoint here, though elsewhere there is one.");
        sample(page, noLocal, "traffic_policy=\"internal\"", noLocalInternal);
        sample(page, noLocal, "traffic_policy=\"external\"", noLocalExternal);
        final String stale = "kubeproxy_conntrack_reconciler_deleted_entries_total";
        head(page, stale, "counter", "UDP flows that were ended because a Service came that they were older than.");
        sample(page, stale, "ip_family=\"IPv4\"", staleIpv4.get());
        sample(page, stale, "ip_family=\"IPv6\"", staleIpv6.get());
        final String events = "cilium_services_events_total";
        head(page, events, "counter", "Events of Services.");
        sample(page, events, "action=\"add\"", servicesAdded.get());
        sample(page, events, "action=\"update\"", servicesUpdated.get());
        sample(page, events, "action=\"delete\"", servicesDeleted.get());
        services(page, services);
    }

    private static void services(StringBuilder page, List<ServiceStatus> services) {
        final String states = "weir_service_backends";
        head(page, states, "gauge", "Endpoints of a Service port, by state.");
        for (final ServiceStatus service : services) {
            for (final EndpointState state : EndpointState.values()) {
                final long count = service.backends().stream()
                        .filter(backend -> backend.state() == state)
                        .count();
                if (count != 0) {
                    final String label = state.name().toLowerCase(Locale.ROOT).replace('_', '-');
                    sample(page, states, labels(service) + ",state=\"" + label + "\"", count);
                }
            }
        }
        sums(page, services, "weir_service_connections", "gauge", "Connections now.", BackendStatus::connections);
        sums(
                page,
                services,
                "weir_service_new_connections_total",
                "counter",
                "New connections.",
                BackendStatus::chosen);
        sums(
                page,
                services,
                "weir_service_ended_packets_total",
                "counter",
                "Packets of ended connections.",
                BackendStatus::packets);
        sums(
                page,
                services,
                "weir_service_ended_bytes_total",
                "counter",
                "Bytes of ended connections.",
                BackendStatus::bytes);
    }

    private static void sums(
            StringBuilder page,
            List<ServiceStatus> services,
            String name,
            String type,
            String sentence,
            ToLongFunction<BackendStatus> value) {
        head(page, name, type, sentence);
        for (final ServiceStatus service : services) {
            sample(
                    page,
                    name,
                    labels(service),
                    service.backends().stream().mapToLong(value).sum());
        }
    }

    private static String labels(ServiceStatus service) {
        return "namespace=\"" + service.key().namespace() + "\",service=\""
                + service.key().name() + "\",port=\"" + service.key().port() + "\",family=\""
                + (service.key().ipv6() ? "IPv6" : "IPv4") + "\"";
    }

    private static void count(StringBuilder page, String name, String sentence, long value) {
        head(page, name, "counter", sentence);
        page.append(name).append(' ').append(value).append('\n');
    }

    private static void sample(StringBuilder page, String name, String labels, long value) {
        page.append(name).append('{').append(labels).append("} ").append(value).append('\n');
    }

    private static void head(StringBuilder page, String name, String type, String sentence) {
        page.append("# HELP ").append(name).append(' ').append(sentence).append('\n');
        page.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }
}
