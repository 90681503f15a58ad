package io.weir.agent.flannel;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.weir.dataplane.wire.IpAddress;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Subnets by the Kubernetes API, as flanneld with {@code --kube-subnet-mgr}: a node's subnet is its {@code spec.podCIDRs},
 * and what it tells the others stands in annotations. Leases do not expire; they live as long as the Node object.
 *
 * <p>When the API server is away, the informer keeps what it knows and tries again.
 */
public final class KubeSubnetRegistry implements SubnetRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(KubeSubnetRegistry.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PatchContext STRATEGIC_MERGE = PatchContext.of(PatchType.STRATEGIC_MERGE);

    private final KubernetesClient client;
    private final String nodeName;
    private final FlannelAnnotations names;
    private final NodeLeases nodeLeases;

    private @Nullable SharedIndexInformer<Node> informer;
    private @Nullable SubnetLease own;
    private Leases leases = Leases.NONE;
    private @Nullable String takenMessage;

    /** The client is the caller's, and stays open. */
    public KubeSubnetRegistry(KubernetesClient client, String nodeName, FlannelAnnotations names, NetConf conf) {
        this.client = client;
        this.nodeName = nodeName;
        this.names = names;
        nodeLeases = new NodeLeases(names, conf);
    }

    /** What this node's annotations say already, or null: the VTEP MAC to keep is in there. */
    public @Nullable LeaseAttributes published() {
        final Map<String, String> written = NodeLeases.annotations(node());
        final String type = written.get(names.backendType());
        if (type == null) {
            return null;
        }
        return new LeaseAttributes(
                null, null, type, written.get(names.backendData()), written.get(names.backendV6Data()));
    }

    private Node node() {
        try {
            final Node node = client.nodes().withName(nodeName).get();
            if (node == null) {
                throw new FlannelException("Kubernetes has no node " + nodeName + "; set nodeName");
            }
            return node;
        } catch (final KubernetesClientException e) {
            throw new FlannelException("reading node " + nodeName + " failed: " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized SubnetLease acquire(LeaseAttributes wanted) {
        final Node node = node();
        final Map<String, String> written = NodeLeases.annotations(node);
        final LeaseAttributes attributes = new LeaseAttributes(
                overwritten(written.get(names.publicIpOverwrite()), wanted.publicIp()),
                overwritten(written.get(names.publicIpv6Overwrite()), wanted.publicIpv6()),
                wanted.backendType(),
                wanted.backendData(),
                wanted.backendV6Data());
        final SubnetLease lease = nodeLeases.lease(node, attributes);
        final Map<String, String> annotations = annotations(attributes);
        if (!written.entrySet().containsAll(annotations.entrySet())) {
            final ObjectNode patch = JSON.createObjectNode();
            final ObjectNode values = patch.putObject("metadata").putObject("annotations");
            annotations.forEach(values::put);
            patchStatus(patch);
        }
        own = lease;
        return lease;
    }

    private static @Nullable IpAddress overwritten(@Nullable String wish, @Nullable IpAddress address) {
        if (wish == null || wish.isEmpty()) {
            return address;
        }
        try {
            return IpAddress.parse(wish);
        } catch (final IllegalArgumentException e) {
            throw new FlannelException("the node's annotation for its public address: " + e.getMessage(), e);
        }
    }

    /** In flannel's own order and bytes. */
    private Map<String, String> annotations(LeaseAttributes attributes) {
        final Map<String, String> annotations = new LinkedHashMap<>();
        annotations.put(names.backendType(), attributes.backendType());
        final boolean hasNoData = attributes.backendType().equals(new Backend.HostGw().type());
        if (attributes.publicIp() != null) {
            annotations.put(names.publicIp(), attributes.publicIp().toString());
            annotations.put(names.backendData(), data(attributes.backendData(), hasNoData));
        }
        if (attributes.publicIpv6() != null) {
            annotations.put(names.publicIpv6(), attributes.publicIpv6().toString());
            annotations.put(names.backendV6Data(), data(attributes.backendV6Data(), hasNoData));
        }
        annotations.put(names.kubeSubnetManager(), "true");
        return annotations;
    }

    private static String data(@Nullable String json, boolean mayBeAbsent) {
        if (json == null && !mayBeAbsent) {
            throw new FlannelException("the backend has no data to publish");
        }
        return json == null ? "null" : json;
    }

    /** Takes the taint off the node: its pods have a network now. Flannel's own words, which other programs look for. */
    public void announceNetwork(Clock clock) {
        final String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        final ObjectNode patch = JSON.createObjectNode();
        patch.putObject("status")
                .putArray("conditions")
                .addObject()
                .put("type", "NetworkUnavailable")
                .put("status", "False")
                .put("lastHeartbeatTime", now)
                .put("lastTransitionTime", now)
                .put("reason", "FlannelIsUp")
                .put("message", "Flannel is running on this node");
        patchStatus(patch);
    }

    private void patchStatus(ObjectNode patch) {
        try {
            client.nodes().withName(nodeName).subresource("status").patch(STRATEGIC_MERGE, patch.toString());
        } catch (final KubernetesClientException e) {
            throw new FlannelException(
                    "writing to node " + nodeName + " failed: " + e.getMessage() + "; weir needs patch on nodes/status",
                    e);
        }
    }

    @Override
    public void watch(Listener listener) {
        final SharedIndexInformer<Node> started = client.nodes().runnableInformer(0);
        started.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Node node) {
                publish(listener, started);
            }

            @Override
            public void onUpdate(Node before, Node after) {
                publish(listener, started);
            }

            @Override
            public void onDelete(Node node, boolean finalStateUnknown) {
                publish(listener, started);
            }
        });
        // whatever goes wrong with the server, try again: the leases that are known stay in force
        started.exceptionHandler((isStarted, error) -> {
            LOG.warn("flannel: watching nodes failed ({}), trying again", error.getMessage());
            return true;
        });
        informer = started;
        // the events of the first list come before it is complete; this is the one after it
        final CompletionStage<Void> ignored = started.start().thenRun(() -> publish(listener, started));
    }

    private synchronized void publish(Listener listener, SharedIndexInformer<Node> source) {
        if (!source.hasSynced()) {
            return; // half a list would look as if the other nodes had gone
        }
        final Leases next = nodeLeases.of(source.getStore().list(), LOG::warn);
        if (!next.equals(leases)) {
            leases = next;
            listener.onLeases(next);
        }
        final String conflict = own == null ? null : OwnLease.conflict(own, next);
        if (conflict != null && !conflict.equals(takenMessage)) {
            LOG.error("flannel: {}", conflict);
            listener.onOwnLeaseTaken(conflict);
        }
        takenMessage = conflict;
    }

    @Override
    public void close() {
        final SharedIndexInformer<Node> running = informer;
        if (running != null) {
            running.stop();
        }
    }
}
