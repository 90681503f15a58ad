package io.weir.agent.source;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import io.weir.dataplane.linux.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * An API server that stores objects and answers real HTTP watches, behind a line that can be cut. Tests write to the server
 * itself; what is tested goes by way of the line.
 */
public final class ApiFixture implements AutoCloseable {
    /** The server would print every request. */
    private static final Logger REQUESTS = Logger.getLogger("io.fabric8.mockwebserver");

    private final Dispatcher dispatcher = new Dispatcher();
    private final KubernetesMockServer server;
    private final CuttableLine line;
    private final AtomicInteger histories = new AtomicInteger();

    /** For each listed path the history that a watch of it may go on from. */
    private final Map<String, Integer> listed = new ConcurrentHashMap<>();

    private volatile boolean hasClusterPolicies = true;

    private final class Dispatcher extends KubernetesCrudDispatcher {
        /** Stored objects by their paths. */
        private final Map<String, AttributeSet> index = new ConcurrentHashMap<>();

        Dispatcher() {
            super(List.of(new CustomResourceDefinitionContext.Builder()
                    .withGroup(ApiSource.CLUSTER_NETWORK_POLICY.getGroup())
                    .withVersion(ApiSource.CLUSTER_NETWORK_POLICY.getVersion())
                    .withKind(ApiSource.CLUSTER_NETWORK_POLICY.getKind())
                    .withPlural(ApiSource.CLUSTER_NETWORK_POLICY.getPlural())
                    .withScope("Cluster")
                    .build()));
        }

        /** A watch whose line was cut is still in the server's list. */
        private void tell(Runnable event) {
            try {
                event.run();
            } catch (final RejectedExecutionException e) {
                REQUESTS.log(Level.FINE, "nobody hears of it", e);
            }
        }

        /** As a request would, but without its cost: a writer by HTTP takes longer than all that is tested. */
        synchronized void store(String path, HasMetadata object) {
            object.getMetadata().setResourceVersion(Long.toString(requestResourceVersion()));
            final String state = Serialization.asJson(object);
            final AttributeSet attributes = AttributeSet.merge(
                    getAttributeExtractor().fromPath(path),
                    getAttributeExtractor().fromResource(state));
            tell(() -> processEvent(path, getAttributeExtractor().fromPath(path), index.get(path), null, state));
            index.put(path, attributes);
        }

        synchronized void delete(String path) {
            final AttributeSet attributes = index.remove(path);
            requestResourceVersion();
            tell(() -> processEvent(path, getAttributeExtractor().fromPath(path), attributes, null, null));
        }

        @Override
        public MockResponse dispatch(RecordedRequest request) {
            final String path = String.valueOf(request.getPath());
            if (!hasClusterPolicies && path.contains("clusternetworkpolicies")) {
                return new MockResponse().setResponseCode(404).setBody("""
                        {"kind":"Status","apiVersion":"v1","status":"Failure","code":404,"reason":"NotFound",
                         "message":"the server could not find the requested resource"}""");
            }
            final boolean isWatch = path.contains("watch=true");
            final String kind = path.substring(0, (path + "?").indexOf('?'));
            if (isWatch && listed.getOrDefault(kind, 0) < histories.get()) {
                return new MockResponse().withWebSocketUpgrade(new WebSocketListener() {
                    @Override
                    public void onOpen(WebSocket socket, Response response) {
                        socket.send("""
                                {"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure",
                                 "code":410,"reason":"Expired","message":"too old resource version"}}""");
                    }
                });
            }
            if (!isWatch && "GET".equals(request.getMethod())) {
                listed.put(kind, histories.get());
            }
            return dispatchAlone(request);
        }

        private synchronized MockResponse dispatchAlone(RecordedRequest request) {
            final MockResponse response = super.dispatch(request);
            final WebSocketListener watch = response.getWebSocketListener();
            return watch == null ? response : response.withWebSocketUpgrade(new LockedWatch(watch, this));
        }
    }

    /** Starts a server on loopback. */
    public ApiFixture() {
        this(null);
    }

    /**
     * Starts a server.
     *
     * @param where the line listens, on this namespace's loopback; null: on this process's
     */
    public ApiFixture(@Nullable NetworkNamespace where) {
        REQUESTS.setLevel(Level.OFF);
        server = new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), dispatcher, false);
        server.init();
        line = new CuttableLine(server.getPort(), where == null ? listening() : where.call(ApiFixture::listening));
    }

    private static ServerSocket listening() {
        try {
            return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From now on the server doesn't know the kind ClusterNetworkPolicy. */
    public ApiFixture withoutClusterPolicies() {
        hasClusterPolicies = false;
        return this;
    }

    /** The line. */
    public CuttableLine line() {
        return line;
    }

    /** The server has forgotten its history: the next watches are refused with 410 Gone, until their kind is listed. */
    public void forgetHistory() {
        histories.incrementAndGet();
    }

    /** What a kubeconfig says; by way of the line. */
    public String kubeconfig() {
        return """
            apiVersion: v1
            kind: Config
            clusters: [{name: test, cluster: {server: "http://127.0.0.1:%d"}}]
            users: [{name: test, user: {token: none}}]
            contexts: [{name: test, context: {cluster: test, user: test}}]
            current-context: test
            """.formatted(line.port());
    }

    /** A client by way of the line. */
    public KubernetesClient client() {
        final Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl("http://127.0.0.1:" + line.port())
                .build();
        return ApiSource.connect(config);
    }

    /** Stores an object, new or changed, and tells who watches. */
    public void put(HasMetadata object) {
        dispatcher.store(path(object), object);
    }

    /** Removes an object, and tells who watches. */
    public void delete(HasMetadata object) {
        dispatcher.delete(path(object));
    }

    private static String path(HasMetadata object) {
        final String group = object.getApiVersion().indexOf('/') < 0 ? "/api/" : "/apis/";
        final String namespace = object.getMetadata().getNamespace();
        return group + object.getApiVersion() + (namespace == null ? "" : "/namespaces/" + namespace) + "/"
                + object.getPlural() + "/" + object.getMetadata().getName();
    }

    @Override
    public void close() {
        line.close();
        // it waits long for watches whose line was cut; nobody needs to wait for it
        Thread.ofVirtual().start(() -> {
            try {
                server.destroy();
            } catch (final IllegalStateException e) {
                REQUESTS.log(Level.FINE, "the server ends when the virtual machine does", e);
            }
        });
    }
}
