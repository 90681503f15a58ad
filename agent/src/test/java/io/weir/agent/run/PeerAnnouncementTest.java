package io.weir.agent.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.node.LocalNode;
import io.weir.agent.service.DirectPeers;
import io.weir.agent.service.ServiceTranslator;
import io.weir.agent.service.TranslatedServices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against fabric8's server. */
@Timeout(60)
class PeerAnnouncementTest {
    private static final String PATH = "/api/v1/nodes/a/status";

    /** What was written, one after the other. */
    private final List<String> patches = new CopyOnWriteArrayList<>();

    private final AtomicInteger failures = new AtomicInteger();

    @TempDir
    private Path directory;

    private KubernetesMockServer server;
    private KubernetesClient client;

    @BeforeEach
    void startServer() {
        server = new KubernetesMockServer(
                new Context(),
                new MockWebServer(),
                new HashMap<>(),
                new KubernetesCrudDispatcher() {
                    @Override
                    public MockResponse dispatch(RecordedRequest request) {
                        if (!request.getMethod().equals("PATCH")
                                || !request.getPath().equals(PATH)) {
                            return super.dispatch(request);
                        }
                        if (failures.getAndDecrement() > 0) {
                            return new MockResponse().setResponseCode(403).setBody("{}");
                        }
                        patches.add(request.getBody().readUtf8());
                        return new MockResponse()
                                .setResponseCode(200)
                                .setBody("{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"a\"}}");
                    }
                },
                false);
        server.init();
        client = server.createClient();
    }

    @AfterEach
    void stopServer() {
        client.close();
        server.destroy();
    }

    /** What the node's directory and the API server say of the node: annotated or not. */
    private LocalNode node(boolean isOn, @Nullable String annotation) throws IOException {
        Files.writeString(directory.resolve("all.yaml"), """
                apiVersion: weir.io/v1alpha1
                kind: NodeConfig
                nodeName: a
                services: {directServerReturn: %s}
                ---
                apiVersion: v1
                kind: Node
                metadata:
                  name: a
                  annotations: {other: kept%s}
                status: {addresses: [{type: InternalIP, address: "fd00::1"}, {type: InternalIP, address: 192.168.0.1}]}
                """.formatted(
                        isOn, annotation == null ? "" : ", " + DirectPeers.ANNOTATION + ": \"" + annotation + '"'));
        return LocalNode.of(ConfigDirectory.load(directory));
    }

    private static TranslatedServices services(LocalNode node) {
        return new ServiceTranslator("a").translate(node.cluster(), node.config());
    }

    private void awaitPatches(int count) {
        final long end = System.nanoTime() + 20_000_000_000L;
        while (patches.size() < count) {
            assertThat(System.nanoTime()).as("waiting for patch " + count).isLessThan(end);
            LockSupport.parkNanos(5_000_000);
        }
    }

    private static String patch(String value) {
        return "{\"metadata\":{\"annotations\":{\"weir.io/direct-server-return\":" + value + "}}}";
    }

    @Test
    void theAnnotationFollowsTheSetting() throws IOException {
        final LocalNode on = node(true, null);
        client.resource(on.cluster().nodes().get("a")).create();
        try (PeerAnnouncement announcement = new PeerAnnouncement(client)) {
            announcement.announce(on, services(on));
            awaitPatches(1);
            announcement.announce(on, services(on)); // a change elsewhere: nothing is written again
            final LocalNode seen = node(true, "192.168.0.1,fd00::1");
            announcement.announce(seen, services(seen));
            final LocalNode off = node(false, "192.168.0.1,fd00::1");
            announcement.announce(off, services(off));
            awaitPatches(2);
        }
        // and it stays at the end: the weir that is started next goes on with the connections
        assertThat(patches).containsExactly(patch("\"192.168.0.1,fd00::1\""), patch("null"));
    }

    @Test
    void aWriteThatFailsIsTriedAgain() throws IOException {
        failures.set(1);
        final LocalNode on = node(true, "of another time");
        client.resource(on.cluster().nodes().get("a")).create();
        try (PeerAnnouncement announcement = new PeerAnnouncement(client)) {
            announcement.announce(on, services(on));
            awaitPatches(1);
        }
        assertThat(patches).containsExactly(patch("\"192.168.0.1,fd00::1\""));
    }
}
