package io.weir.bench.throughput;

import java.util.List;
import java.util.Optional;

/** The scenarios by name. */
public final class Scenarios {
    private static final List<Scenario> ALL = List.of(
            scenario("l3", "route, TTL, Ethernet header", Features.NONE),
            scenario("ct", "l3 with connection tracking", new Features(true, false, false, false, false, false)),
            scenario(
                    "nat",
                    "l3 with connection tracking and source NAT to one address",
                    new Features(true, true, false, false, false, false)),
            scenario(
                    "lb",
                    "l3 with a virtual IP, ten backends, Maglev, destination NAT",
                    new Features(true, false, true, false, false, false)),
            scenario(
                    "policy",
                    "l3 with connection tracking and a policy of 100 rules",
                    new Features(true, false, false, true, false, false)),
            scenario("vxlan-push", "l3 into a VXLAN tunnel", new Features(false, false, false, false, true, false)),
            scenario("vxlan-pop", "l3 out of a VXLAN tunnel", new Features(false, false, false, false, false, true)),
            scenario(
                    "chain",
                    "policy of 100 rules, connection tracking, virtual IP, VXLAN push",
                    new Features(true, false, true, true, true, false)));

    private Scenarios() {}

    private static Scenario scenario(String name, String sentence, Features features) {
        return new FeatureScenario(name, sentence, features);
    }

    public static List<Scenario> all() {
        return ALL;
    }

    public static Optional<Scenario> byName(String name) {
        return ALL.stream().filter(scenario -> scenario.name().equals(name)).findFirst();
    }
}
