package io.weir.agent.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.weir.agent.node.LocalNode;
import io.weir.agent.service.DirectPeers;
import io.weir.agent.service.TranslatedServices;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the other nodes by this one's Node object whether they may send clients' packets on to it as they are, and at which
 * addresses it serves node ports: see {@link DirectPeers#ANNOTATION}. The annotation stays when weir ends, because a weir that
 * is started again goes on with the connections; it goes when the setting is turned off.
 *
 * <p>Writes on a thread of its own, and only when the Node object says something else; a write that fails is tried again.
 * Needs {@code patch} on {@code nodes/status}, as flannel's own annotations do.
 */
final class PeerAnnouncement implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(PeerAnnouncement.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final Duration RETRY = Duration.ofSeconds(2);

    /** What one look at the node has to lead to. */
    private record Wish(
            String node, @Nullable String value, @Nullable String known) {}

    private final @Nullable KubernetesClient client;
    private volatile @Nullable Wish asked;
    private @Nullable Thread writer;

    /** @param client of the Kubernetes API, the caller's; null: whoever writes the Node manifest has to do it */
    PeerAnnouncement(@Nullable KubernetesClient client) {
        this.client = client;
    }

    /** Control thread: what the node does now. Returns at once. */
    void announce(LocalNode node, TranslatedServices services) {
        final Node object = node.cluster().nodes().get(node.name());
        final Map<String, String> annotations =
                object == null ? null : object.getMetadata().getAnnotations();
        final Wish wish = new Wish(
                node.name(),
                node.config().services().directServerReturn()
                        ? DirectPeers.annotation(services.nodePortAddresses())
                        : null,
                annotations == null ? null : annotations.get(DirectPeers.ANNOTATION));
        if (wish.equals(asked)) {
            return;
        }
        asked = wish;
        stopWriting();
        if (Objects.equals(wish.value, wish.known)) {
            return;
        }
        if (client == null) {
            LOGGER.warn(
                    "direct server return: the annotation {} of node {} should be {}; write it into the Node manifest",
                    DirectPeers.ANNOTATION,
                    wish.node,
                    wish.value == null ? "absent" : '"' + wish.value + '"');
            return;
        }
        writer = Thread.ofPlatform().name("weir-announcement").daemon().start(() -> write(client, wish));
    }

    @SuppressWarnings("ReferenceEquality") // a wish that comes again is another
    private void write(KubernetesClient client, Wish wish) {
        final ObjectNode patch = JSON.createObjectNode();
        patch.putObject("metadata").putObject("annotations").put(DirectPeers.ANNOTATION, wish.value);
        String told = "";
        while (asked == wish) {
            try {
                client.nodes().withName(wish.node).subresource("status").patch(MERGE, patch.toString());
                LOGGER.info(
                        "direct server return: node {} {}",
                        wish.node,
                        wish.value == null ? "takes part no more" : "takes part, with node ports at " + wish.value);
                return;
            } catch (final KubernetesClientException e) {
                final String problem = String.valueOf(e.getMessage());
                if (!problem.equals(told)) {
                    told = problem;
                    LOGGER.warn(
                            "direct server return: the node's annotation can't be written, trying again: {}", problem);
                }
            }
            try {
                Thread.sleep(RETRY);
            } catch (final InterruptedException e) {
                return; // something newer is to be said, or nothing any more
            }
        }
    }

    private void stopWriting() {
        final Thread running = writer;
        if (running != null) {
            running.interrupt();
            writer = null;
        }
    }

    @Override
    public void close() {
        asked = null;
        stopWriting();
    }
}
