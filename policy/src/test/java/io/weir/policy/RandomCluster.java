package io.weir.policy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.LabelSelector.Expression;
import io.weir.policy.spec.LabelSelector.Operator;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.NodeSpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.Tier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/** A small random cluster in which everything collides with everything, and which changes step by step. */
public final class RandomCluster {
    private static final List<String> BLOCKS = List.of(
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/24",
            "10.0.0.0/28",
            "10.0.0.0/29",
            "10.0.0.4/30",
            "10.0.0.2/31",
            "10.0.0.3",
            "10.0.0.9",
            "192.0.2.0/24",
            "fd00::/64",
            "fd00::/125",
            "fd00::4/127",
            "fd00::3");

    private final Random random;
    private boolean allLocal;
    private final Map<String, Map<String, String>> namespaces = new HashMap<>();
    private final TreeMap<String, PodSpec> pods = new TreeMap<>();
    private final TreeMap<String, NetworkPolicySpec> networkPolicies = new TreeMap<>();
    private final TreeMap<String, ClusterPolicySpec> clusterPolicies = new TreeMap<>();
    private List<NodeSpec> nodes = List.of();
    private Set<IpAddress> nodeAddresses = Set.of();
    private Set<IpAddress> unknownAddresses = Set.of();

    public RandomCluster(long seed) {
        random = new Random(seed);
        for (int i = 0; i < 3; i++) {
            namespaces.put("n" + i, labels("team"));
        }
        for (int i = 0; i < 9; i++) {
            changePod(i);
        }
        for (int i = random.nextInt(6); i >= 0; i--) {
            changeNetworkPolicy();
        }
        for (int i = random.nextInt(5); i > 0; i--) {
            changeClusterPolicy();
        }
    }

    /** Addresses that may belong to a pod, a node, an unknown endpoint, or nobody. */
    static List<IpAddress> addresses() {
        final List<IpAddress> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            all.add(IpAddress.parse("10.0.0." + i));
            all.add(IpAddress.parse("fd00::" + Integer.toHexString(i)));
        }
        all.add(IpAddress.parse("192.0.2.7"));
        all.add(IpAddress.parse("2001:db8::7"));
        return all;
    }

    public PolicySpec spec() {
        return new PolicySpec(
                namespaces,
                List.copyOf(pods.values()),
                List.copyOf(networkPolicies.values()),
                List.copyOf(clusterPolicies.values()),
                nodes,
                nodeAddresses,
                unknownAddresses,
                false);
    }

    /** From now on every pod runs here, and there are no nodes. */
    public RandomCluster allLocal() {
        allLocal = true;
        pods.replaceAll((key, pod) ->
                new PodSpec(pod.namespace(), pod.name(), pod.labels(), pod.addresses(), pod.namedPorts(), true));
        return this;
    }

    /** One to three changes of any kind. */
    public void change() {
        for (int i = random.nextInt(3); i >= 0; i--) {
            switch (random.nextInt(12)) {
                case 0 -> namespaces.put("n" + random.nextInt(3), labels("team"));
                case 1, 2, 3 -> changePod(random.nextInt(10));
                case 4, 5, 6 -> changeNetworkPolicy();
                case 7, 8 -> changeClusterPolicy();
                case 9 -> changeNodes();
                case 10 -> networkPolicies.pollFirstEntry();
                default -> clusterPolicies.pollFirstEntry();
            }
        }
    }

    private void changePod(int index) {
        final String name = "p" + index;
        pods.values().removeIf(pod -> pod.name().equals(name));
        if (random.nextInt(6) == 0) {
            return;
        }
        final List<IpAddress> addresses = new ArrayList<>();
        if (random.nextInt(8) > 0) {
            addresses.add(IpAddress.parse("10.0.0." + address(index)));
        }
        if (random.nextInt(3) > 0) {
            addresses.add(IpAddress.parse("fd00::" + Integer.toHexString(address(index))));
        }
        final List<NamedPort> ports = new ArrayList<>();
        if (random.nextBoolean()) {
            ports.add(new NamedPort("web", random.nextInt(4) == 0 ? Protocol.UDP : Protocol.TCP, oneOf(80, 8080)));
        }
        if (random.nextInt(3) == 0) {
            ports.add(new NamedPort("dns", Protocol.UDP, 53));
        }
        final PodSpec pod = new PodSpec(
                "n" + random.nextInt(3),
                name,
                labels("app", "tier"),
                addresses,
                ports,
                allLocal || random.nextInt(3) > 0);
        pods.put(pod.key(), pod);
    }

    /** Mostly its own, sometimes its neighbour's. */
    private int address(int index) {
        return random.nextInt(10) == 0 ? index + 1 : index;
    }

    private void changeNetworkPolicy() {
        final boolean ingress = random.nextInt(3) > 0;
        final NetworkPolicySpec policy = new NetworkPolicySpec(
                "n" + random.nextInt(3),
                "np" + random.nextInt(5),
                selector("app", "tier"),
                ingress,
                !ingress || random.nextBoolean(),
                some(3, () -> rule(Action.ACCEPT, true)),
                some(3, () -> rule(Action.ACCEPT, true)));
        networkPolicies.put(policy.key(), policy);
    }

    private void changeClusterPolicy() {
        final ClusterPolicySpec policy = new ClusterPolicySpec(
                "cnp" + random.nextInt(5),
                random.nextBoolean() ? Tier.ADMIN : Tier.BASELINE,
                random.nextInt(3),
                selector("team"),
                selector("app", "tier"),
                some(3, () -> rule(oneOf(Action.values()), false)),
                some(3, () -> rule(oneOf(Action.values()), false)));
        clusterPolicies.put(policy.name(), policy);
    }

    private void changeNodes() {
        if (allLocal) {
            return;
        }
        nodes = some(
                2,
                () -> new NodeSpec(
                        "node" + random.nextInt(2),
                        labels("team"),
                        List.of(IpAddress.parse("10.0.0." + (9 + random.nextInt(3))))));
        nodeAddresses = random.nextBoolean() ? Set.of(IpAddress.parse("10.0.0.11")) : Set.of();
        unknownAddresses = random.nextBoolean() ? Set.of(IpAddress.parse("fd00::a")) : Set.of();
    }

    private RuleSpec rule(Action action, boolean emptyPeers) {
        final List<PeerSpec> peers = new ArrayList<>(some(2, this::peer));
        if (peers.isEmpty() && !emptyPeers) {
            peers.add(peer());
        }
        return new RuleSpec("", action, peers, some(2, this::port));
    }

    private PeerSpec peer() {
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> new PeerSpec.Pods(null, selector("app", "tier"));
            case 3, 4, 5 -> new PeerSpec.Pods(selector("team"), LabelSelector.EVERYTHING);
            case 6 -> new PeerSpec.Pods(selector("team"), selector("app", "tier"));
            case 7, 8, 9 -> {
                final IpPrefix block = IpPrefix.parse(oneOf(BLOCKS.toArray(new String[0])));
                yield new PeerSpec.Block(block, some(2, () -> IpPrefix.parse(oneOf(BLOCKS.toArray(new String[0])))));
            }
            case 10 ->
                random.nextBoolean()
                        ? new PeerSpec.Nodes(selector("team"))
                        : new PeerSpec.Networks(some(3, () -> IpPrefix.parse(oneOf(BLOCKS.toArray(new String[0])))));
            default ->
                random.nextInt(3) == 0
                        ? new PeerSpec.Unknown("moon phase")
                        : new PeerSpec.Pods(LabelSelector.EVERYTHING, LabelSelector.EVERYTHING);
        };
    }

    private PortSpec port() {
        return switch (random.nextInt(8)) {
            case 0 -> PortSpec.all(oneOf(Protocol.TCP, Protocol.UDP, Protocol.SCTP));
            case 1 -> new PortSpec.Numbers(Protocol.TCP, 50, oneOf(79, 80, 9000));
            case 2 -> new PortSpec.Named(Protocol.TCP, "web");
            case 3 -> new PortSpec.Named(random.nextBoolean() ? null : Protocol.UDP, oneOf("dns", "web"));
            default -> {
                final int port = oneOf(53, 80, 8080);
                yield new PortSpec.Numbers(oneOf(Protocol.TCP, Protocol.UDP), port, port);
            }
        };
    }

    private Map<String, String> labels(String... keys) {
        final Map<String, String> labels = new HashMap<>();
        for (final String key : keys) {
            if (random.nextInt(4) > 0) {
                labels.put(key, oneOf("a", "b"));
            }
        }
        return labels;
    }

    private LabelSelector selector(String... keys) {
        return switch (random.nextInt(4)) {
            case 0 -> LabelSelector.EVERYTHING;
            case 1 ->
                new LabelSelector(
                        Map.of(),
                        List.of(new Expression(
                                oneOf(keys),
                                oneOf(Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST),
                                Set.of(oneOf("a", "b")))));
            default -> new LabelSelector(labels(oneOf(keys)), List.of());
        };
    }

    private <T> List<T> some(int limit, Supplier<T> supplier) {
        final List<T> list = new ArrayList<>();
        for (int i = random.nextInt(limit + 1); i > 0; i--) {
            list.add(supplier.get());
        }
        return list;
    }

    @SafeVarargs
    private <T> T oneOf(T... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
