package io.weir.agent.service;

import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.ServiceSpec;
import io.weir.lb.ServicesSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was made of each Service, and the sum of it. Only what few Services have is walked over for each sum; the specs of
 * all are kept in one list, in which a changed Service's are replaced in their places.
 */
final class Translations {
    private final TreeMap<String, ServicePortTranslation> byName = new TreeMap<>();
    private final TreeMap<String, List<HealthCheckNodePort>> healthChecks = new TreeMap<>();
    private final TreeMap<String, List<IpAddress>> outsideAddresses = new TreeMap<>();
    private final TreeMap<String, List<NodePortPlace>> nodePorts = new TreeMap<>();
    private @Nullable List<NodePortPlace> allNodePorts;
    private final TreeMap<String, List<String>> warnings = new TreeMap<>();
    private int noLocalInternal;
    private int noLocalExternal;

    /** In the order of the Services' names; where each Service's specs begin, as long as no Service came or went. */
    private final List<ServiceSpec> specs = new ArrayList<>();

    private final Map<String, Integer> places = new HashMap<>();
    private boolean isInPlace = true;

    /** Adds or replaces what was made of a Service. */
    void put(String name, ServicePortTranslation made) {
        final ServicePortTranslation before = byName.put(name, made);
        count(before, -1);
        count(made, 1);
        keep(healthChecks, name, made.healthChecks());
        keep(outsideAddresses, name, made.outsideAddresses());
        keep(warnings, name, made.warnings());
        keepNodePorts(name, made.nodePorts());
        final Integer place = places.get(name);
        if (!isInPlace
                || before == null
                || place == null
                || before.specs().size() != made.specs().size()) {
            isInPlace = false;
            return;
        }
        for (int i = 0; i < made.specs().size(); i++) {
            specs.set(place + i, made.specs().get(i));
        }
    }

    /** Forgets a Service; it need not be known. */
    void remove(String name) {
        final ServicePortTranslation before = byName.remove(name);
        if (before != null) {
            count(before, -1);
            healthChecks.remove(name);
            outsideAddresses.remove(name);
            warnings.remove(name);
            keepNodePorts(name, List.of());
            isInPlace = false;
        }
    }

    private void keepNodePorts(String name, List<NodePortPlace> places) {
        if (!places.equals(nodePorts.getOrDefault(name, List.of()))) {
            keep(nodePorts, name, places);
            allNodePorts = null;
        }
    }

    private List<NodePortPlace> allNodePorts() {
        List<NodePortPlace> all = allNodePorts;
        if (all == null) {
            all = flat(nodePorts);
            allNodePorts = all;
        }
        return all;
    }

    private void count(@Nullable ServicePortTranslation made, int sign) {
        if (made != null) {
            noLocalInternal += sign * made.noLocalInternal();
            noLocalExternal += sign * made.noLocalExternal();
        }
    }

    private static <T> void keep(Map<String, List<T>> some, String name, List<T> values) {
        if (values.isEmpty()) {
            some.remove(name);
        } else {
            some.put(name, values);
        }
    }

    TranslatedServices together(ServiceSurroundings now) {
        if (!isInPlace) {
            specs.clear();
            places.clear();
            byName.forEach((name, made) -> {
                places.put(name, specs.size());
                specs.addAll(made.specs());
            });
            isInPlace = true;
        }
        final Set<IpAddress> outside = new LinkedHashSet<>();
        outsideAddresses.values().forEach(outside::addAll);
        return new TranslatedServices(
                new ServicesSpec(now.rules(), specs),
                flat(healthChecks),
                now.nodePortAddresses(),
                allNodePorts(),
                outside,
                noLocalInternal,
                noLocalExternal,
                flat(warnings));
    }

    private static <T> List<T> flat(Map<String, List<T>> lists) {
        return lists.values().stream().flatMap(List::stream).toList();
    }
}
