package io.weir.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.Origin;
import io.weir.agent.node.Attachment;
import io.weir.agent.node.LocalNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls against a node that attaches nothing really. */
class CniServiceTest {
    private static final String OWN_NAMESPACE =
            "/proc/" + ProcessHandle.current().pid() + "/ns/net";
    private static final String KUBERNETES =
            "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=x";

    @TempDir
    private Path directory;

    private final Map<String, Attachment> attached = new TreeMap<>();
    private @Nullable String refusal;
    private volatile LocalNode node = node(ClusterState.EMPTY, "10.1.0.0/29");

    private static LocalNode node(ClusterState cluster, String range) {
        final NodeConfig config = NodeConfig.of("nodeName=node-1", "podCidrs[+]=" + range);
        return LocalNode.of(new LoadedConfig(cluster, config, Origin.of("test"), List.of()));
    }

    private CniService service(boolean knowsEveryPod) throws IOException {
        final PodAttacher attacher = new PodAttacher() {
            @Override
            public CompletableFuture<Void> attach(Attachment attachment) {
                if (refusal != null) {
                    return CompletableFuture.failedFuture(new IOException(refusal));
                }
                attached.put(attachment.id(), attachment);
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public CompletableFuture<Void> detach(String id) {
                attached.remove(id);
                return CompletableFuture.completedFuture(null);
            }
        };
        final CniService service = new CniService(attacher, directory.resolve("attachments"), knowsEveryPod);
        service.started(() -> node);
        return service;
    }

    private static CniCall call(String command, String container, String namespace, String arguments) {
        return call(command, container, "eth0", namespace, arguments);
    }

    private static CniCall call(
            String command, String container, String interfaceName, String namespace, String arguments) {
        try {
            return CniCall.of(new ObjectMapper()
                    .valueToTree(Map.of(
                            "command",
                            command,
                            "containerId",
                            container,
                            "netns",
                            namespace,
                            "ifname",
                            interfaceName,
                            "args",
                            arguments,
                            "config",
                            "{\"cniVersion\":\"1.0.0\",\"name\":\"weir\"}")));
        } catch (final CniException e) {
            throw new AssertionError(e);
        }
    }

    private Attachment attachment(String id) {
        return Objects.requireNonNull(attached.get(id));
    }

    private static void assertFails(CniService service, CniCall call, int code, String message) {
        assertThatThrownBy(() -> service.call(call))
                .hasMessageContaining(message)
                .isInstanceOfSatisfying(
                        CniException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void aPodThatTheApiHasNotToldOfIsWaitedForAndThenRefused() throws Exception {
        final CniService service = service(true);
        assertFails(service, call("ADD", "a", OWN_NAMESPACE, KUBERNETES), CniException.TRY_AGAIN, "shop/web");
        assertFails(service, call("ADD", "a", OWN_NAMESPACE, ""), CniException.INVALID_ENVIRONMENT, "K8S_POD_NAME");
        assertThat(attached).isEmpty();
        final Thread api = Thread.ofVirtual().start(() -> {
            try {
                TimeUnit.MILLISECONDS.sleep(200);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            node = node(
                    ClusterState.builder()
                            .put(new PodBuilder()
                                    .withNewMetadata()
                                    .withNamespace("shop")
                                    .withName("web")
                                    .endMetadata()
                                    .build())
                            .build(),
                    "10.1.0.0/29");
        });
        assertThat(service.call(call("ADD", "a", OWN_NAMESPACE, KUBERNETES))).isPresent();
        api.join();
        assertThat(attachment("a/eth0").pod()).isEqualTo("shop/web");
        assertFails(
                service,
                call("ADD", "a", "eth1", OWN_NAMESPACE, KUBERNETES),
                CniException.INVALID_ENVIRONMENT,
                "one interface for each pod");
        assertThat(service.call(call("ADD", "b", OWN_NAMESPACE, KUBERNETES)))
                .as("another sandbox of the same pod, before the old one's DEL")
                .isPresent();
    }

    @Test
    void whatTheNodeRefusesLeavesNothing() throws Exception {
        final CniService service = service(false);
        refusal = "an interface of that name exists";
        assertFails(service, call("ADD", "a", OWN_NAMESPACE, ""), CniException.TRY_AGAIN, "of that name exists");
        assertThat(service.restored()).isEmpty();
        refusal = null;
        assertThat(service.call(call("ADD", "a", OWN_NAMESPACE, ""))).isPresent();
        assertThat(attachment("a/eth0").pod()).isEqualTo("containers/a");
    }

    @Test
    void exhaustionIsSaidByAddAndByStatus() throws Exception {
        node = node(ClusterState.EMPTY, "10.1.0.0/30");
        final CniService service = service(false);
        service.call(call("STATUS", "", "", ""));
        service.call(call("ADD", "a", OWN_NAMESPACE, ""));
        assertFails(service, call("ADD", "b", OWN_NAMESPACE, ""), CniException.TRY_AGAIN, "1 are in use");
        assertFails(service, call("STATUS", "", "", ""), CniException.UNAVAILABLE, "all addresses");
        node = node(ClusterState.EMPTY, "10.1.0.0/29"); // a lease that grew
        assertThat(service.call(call("ADD", "b", OWN_NAMESPACE, ""))).isPresent();
    }

    @Test
    void aNewWeirFindsWhatTheOldOneHad() throws Exception {
        final CniService first = service(false);
        first.call(call("ADD", "a", OWN_NAMESPACE, "K8S_POD_NAME=web"));
        first.call(call("ADD", "b", OWN_NAMESPACE, "K8S_POD_NAME=web"));
        first.call(call("ADD", "c", OWN_NAMESPACE, "IP=10.1.0.6"));
        first.call(call("DEL", "a", "", ""));
        final CniService second = service(false);
        assertThat(second.restored()).isEqualTo(first.restored()).hasSize(2);
        second.call(call("ADD", "d", OWN_NAMESPACE, ""));
        assertThat(attachment("d/eth0").addresses()).as("a's address rests").hasToString("[10.1.0.4]");
        Files.writeString(directory.resolve("attachments"), "nonsense");
        assertThat(service(false).restored()).isEmpty();
        assertThat(directory.resolve("attachments.damaged")).hasContent("nonsense");
    }

    @Test
    void aNamespaceThatIsGoneIsNoticedTheSecondTime() throws Exception {
        final CniService service = service(false);
        final Process process = new ProcessBuilder("sleep", "60").start();
        try {
            service.call(call("ADD", "a", "/proc/" + process.pid() + "/ns/net", ""));
            service.sweep();
            service.sweep();
            assertThat(attached).hasSize(1);
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(service.restored()).isEmpty();
        service.sweep();
        assertThat(attached).hasSize(1);
        service.sweep();
        assertThat(attached).isEmpty();
    }
}
