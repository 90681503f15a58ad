package io.weir.agent.api;

import io.weir.agent.node.NodeDataplane;
import io.weir.agent.offload.OffloadCounter;
import io.weir.conntrack.ConntrackCounter;
import io.weir.conntrack.ConntrackTable;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.worker.Worker;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * How a running node is seen from outside: its files are kept fresh, and questions that need the running process are
 * answered at the socket in the same directory. The requests are {@code flows}, {@code connections}, {@code pods}, {@code nodes}, {@code services},
 * {@code trace} and {@code capture}.
 *
 * <p>The control thread calls {@link #poll} in each of its turns; everything that only it may do is done there.
 */
public final class LocalApi implements AutoCloseable {
    private static final long REFRESH_NS = 500_000_000L;

    private final NodeDataplane node;
    private final NodeFiles files;
    private final ControlQueue control = new ControlQueue();
    private final ApiServer server;
    private long refreshedNs;

    /** Starts to answer; the node and its files stay the caller's, who closes this first. */
    public LocalApi(NodeDataplane node, NodeFiles files) throws IOException {
        this(node, files, Map.of());
    }

    /**
     * As above, with more requests.
     *
     * @param more by their names
     */
    public LocalApi(NodeDataplane node, NodeFiles files, Map<String, ApiRequest> more) throws IOException {
        this(node, files, more, () -> "");
    }

    /**
     * As above, for a node that may be in a flannel network.
     *
     * @param membership how it stands there, in words; empty without flannel
     */
    public LocalApi(NodeDataplane node, NodeFiles files, Map<String, ApiRequest> more, Supplier<String> membership)
            throws IOException {
        this.node = node;
        this.files = files;
        refresh();
        refreshedNs = System.nanoTime();
        final Map<String, ApiRequest> requests = new HashMap<>(more);
        requests.put("flows", new FlowsRequest(node, control));
        requests.put("connections", new ConnectionsRequest(node, control));
        requests.put("pods", new ListRequest(control, new PodList(node)::lines));
        requests.put("nodes", new ListRequest(control, new NodeList(node)::lines));
        requests.put("services", new ServicesRequest(node, control));
        requests.put("tunnels", new TunnelsRequest(node, control, membership));
        requests.put("policies", new PoliciesRequest(node, control));
        requests.put("trace", new TraceRequest(new TraceHub(node, control)));
        requests.put("capture", new CaptureRequest(node, control));
        server = new ApiServer(files.directory().resolve(NodeFiles.SOCKET), requests);
    }

    /**
     * Control thread: does what clients asked for, and refreshes the files now and then.
     *
     * @return whether a client asked for anything
     */
    public boolean poll(long nowNs) {
        final boolean isAsked = control.poll();
        if (nowNs - refreshedNs >= REFRESH_NS) {
            refreshedNs = nowNs;
            refresh();
        }
        return isAsked;
    }

    /** Control thread: shows ports that came or went at once. */
    public void refresh() {
        final Map<String, Long> values = new TreeMap<>();
        for (final Worker worker : node.dataplane().workers()) {
            values.put("flow-cache/flows-worker-" + worker.id(), (long)
                    worker.flowCache().size());
            values.put("packet-pool/in-use-worker-" + worker.id(), (long)
                    worker.pool().inUse());
        }
        final ConntrackTable connections = node.conntrack().table();
        values.put("conntrack/connections", connections.count());
        values.put("conntrack/capacity", (long) connections.capacity());
        values.put("conntrack/fill-percent", connections.count() * 100 / connections.capacity());
        values.put("conntrack/nat-connections", connections.translatedCount());
        for (final ConntrackCounter counter : ConntrackCounter.values()) {
            values.put("conntrack/" + counter.label(), connections.counter(counter));
        }
        if (node.offloader().isUsed()) {
            values.put("offload/connections", (long) node.offloader().size());
            values.put("offload/lost-candidates", node.offloader().lostCandidates());
            for (final OffloadCounter counter : OffloadCounter.values()) {
                values.put("offload/" + counter.label(), node.offloader().value(counter));
            }
        }
        values.put("configuration/epoch", (long) node.dataplane().conductor().epoch());
        files.refresh(node.dataplane().ingresses(), values);
    }

    /** Hangs up on all clients. */
    @Override
    public void close() throws IOException {
        server.close();
        control.poll(); // what connections asked for while they ended
    }
}
