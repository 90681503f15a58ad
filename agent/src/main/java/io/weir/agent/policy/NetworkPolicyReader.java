package io.weir.agent.policy;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.networking.v1.IPBlock;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.Origin;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a NetworkPolicy of networking.k8s.io/v1.
 *
 * <p>What the API server would refuse is refused; a field that weir does not know, in a rule, peer or port, makes that
 * part match nothing: a newer kind of condition must not open more than it says.
 */
final class NetworkPolicyReader {
    private final Origin origin;

    NetworkPolicyReader(Origin origin) {
        this.origin = origin;
    }

    NetworkPolicySpec read(NetworkPolicy policy) {
        final String namespace = policy.getMetadata().getNamespace();
        final String name = policy.getMetadata().getName();
        // a missing spec is an empty one, which isolates every pod of the namespace for ingress
        final var spec = policy.getSpec() == null
                ? new io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpec()
                : policy.getSpec();
        final List<RuleSpec> ingressRules = new ArrayList<>();
        final List<NetworkPolicyIngressRule> ingress = orEmpty(spec.getIngress());
        for (int i = 0; i < ingress.size(); i++) {
            final String path = "spec.ingress[" + i + "]";
            final NetworkPolicyIngressRule rule = present(ingress.get(i), path);
            ingressRules.add(
                    rule(rule.getFrom(), path + ".from", rule.getPorts(), path, rule.getAdditionalProperties()));
        }
        final List<RuleSpec> egressRules = new ArrayList<>();
        final List<NetworkPolicyEgressRule> egress = orEmpty(spec.getEgress());
        for (int i = 0; i < egress.size(); i++) {
            final String path = "spec.egress[" + i + "]";
            final NetworkPolicyEgressRule rule = present(egress.get(i), path);
            egressRules.add(rule(rule.getTo(), path + ".to", rule.getPorts(), path, rule.getAdditionalProperties()));
        }
        final List<String> types = orEmpty(spec.getPolicyTypes());
        for (int i = 0; i < types.size(); i++) {
            if (!"Ingress".equals(types.get(i)) && !"Egress".equals(types.get(i))) {
                throw new ConfigException(
                        origin, "spec.policyTypes[" + i + "]", types.get(i), "write Ingress or Egress");
            }
        }
        return new NetworkPolicySpec(
                namespace,
                name,
                Selectors.selector(spec.getPodSelector(), origin, "spec.podSelector"),
                types.isEmpty() || types.contains("Ingress"),
                types.isEmpty() ? !egressRules.isEmpty() : types.contains("Egress"),
                ingressRules,
                egressRules);
    }

    private RuleSpec rule(
            @Nullable List<NetworkPolicyPeer> peers,
            String peersPath,
            @Nullable List<NetworkPolicyPort> ports,
            String path,
            @Nullable Map<String, Object> unknownFields) {
        final List<PeerSpec> peerSpecs = new ArrayList<>();
        final List<NetworkPolicyPeer> peerList = orEmpty(peers);
        for (int i = 0; i < peerList.size(); i++) {
            final String peerPath = peersPath + "[" + i + "]";
            peerSpecs.add(peer(present(peerList.get(i), peerPath), peerPath));
        }
        final List<PortSpec> portSpecs = new ArrayList<>();
        final List<NetworkPolicyPort> portList = orEmpty(ports);
        for (int i = 0; i < portList.size(); i++) {
            final String portPath = path + ".ports[" + i + "]";
            portSpecs.add(port(present(portList.get(i), portPath), portPath));
        }
        if (unknownFields != null && !unknownFields.isEmpty()) {
            peerSpecs.clear();
            peerSpecs.add(new PeerSpec.Unknown(String.join(", ", unknownFields.keySet())));
        }
        return new RuleSpec("", Action.ACCEPT, peerSpecs, portSpecs);
    }

    private PeerSpec peer(NetworkPolicyPeer peer, String path) {
        final Map<String, Object> unknown = peer.getAdditionalProperties();
        if (unknown != null && !unknown.isEmpty()) {
            return new PeerSpec.Unknown(String.join(", ", unknown.keySet()));
        }
        final boolean selects = peer.getPodSelector() != null || peer.getNamespaceSelector() != null;
        if (selects == (peer.getIpBlock() != null)) {
            throw new ConfigException(
                    origin,
                    path,
                    null,
                    selects
                            ? "ipBlock stands alone; write the selectors as another peer"
                            : "name an ipBlock, a podSelector or a namespaceSelector");
        }
        if (peer.getIpBlock() != null) {
            return block(peer.getIpBlock(), path + ".ipBlock");
        }
        final LabelSelector namespaces = peer.getNamespaceSelector() == null
                ? null
                : Selectors.selector(peer.getNamespaceSelector(), origin, path + ".namespaceSelector");
        return new PeerSpec.Pods(namespaces, Selectors.selector(peer.getPodSelector(), origin, path + ".podSelector"));
    }

    private PeerSpec block(IPBlock block, String path) {
        final IpPrefix prefix = Selectors.prefix(block.getCidr(), origin, path + ".cidr");
        final List<IpPrefix> except = new ArrayList<>();
        final List<String> holes = orEmpty(block.getExcept());
        for (int i = 0; i < holes.size(); i++) {
            final IpPrefix hole = Selectors.prefix(holes.get(i), origin, path + ".except[" + i + "]");
            if (!prefix.contains(hole) || hole.length() == prefix.length()) {
                throw new ConfigException(
                        origin, path + ".except[" + i + "]", holes.get(i), "lies not strictly within " + prefix);
            }
            except.add(hole);
        }
        return new PeerSpec.Block(prefix, except);
    }

    private PortSpec port(NetworkPolicyPort port, String path) {
        final Map<String, Object> unknown = port.getAdditionalProperties();
        if (unknown != null && !unknown.isEmpty()) {
            return new PortSpec.Unknown(String.join(", ", unknown.keySet()));
        }
        final Protocol protocol = Pods.protocol(port.getProtocol());
        if (protocol == null) {
            throw new ConfigException(origin, path + ".protocol", port.getProtocol(), "write TCP, UDP or SCTP");
        }
        final IntOrString value = port.getPort();
        final Integer last = port.getEndPort();
        if (value == null || value.getValue() == null) {
            if (last != null) {
                throw new ConfigException(origin, path + ".endPort", last, "needs a port to begin with");
            }
            return PortSpec.all(protocol);
        }
        if (value.getStrVal() != null) {
            if (last != null) {
                throw new ConfigException(origin, path + ".endPort", last, "needs a number as port, not a name");
            }
            if (value.getStrVal().chars().noneMatch(Character::isLetter)) {
                throw new ConfigException(
                        origin, path + ".port", '"' + value.getStrVal() + '"', "write a number, or a port's name");
            }
            return new PortSpec.Named(protocol, value.getStrVal());
        }
        final int first = Selectors.port(value.getIntVal(), origin, path + ".port");
        final int end = last == null ? first : Selectors.port(last, origin, path + ".endPort");
        if (end < first) {
            throw new ConfigException(origin, path + ".endPort", last, "is below port " + first);
        }
        return new PortSpec.Numbers(protocol, first, end);
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }

    /** A dash with nothing behind it would mean everything; it is more likely a slip. */
    private <T> T present(@Nullable T item, String path) {
        if (item == null) {
            throw new ConfigException(origin, path, null, "is empty; write {} to mean everything");
        }
        return item;
    }
}
