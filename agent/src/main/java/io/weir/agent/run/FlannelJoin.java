package io.weir.agent.run;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.weir.agent.config.FlannelConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.flannel.FlannelMember;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.agent.flannel.SubnetEnv;
import io.weir.agent.flannel.Underlay;
import io.weir.agent.node.LocalNode;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a node in the flannel network that its configuration names. All talk with the registry is on threads of its own; the
 * control thread takes the newest plan when it likes, and never waits.
 *
 * <p>A network that can't be joined is tried again for ever, and said to be so: until then the plan that is in force stays,
 * and the node's own pods reach each other. Ending leaves the lease, so that a restarted node finds its subnet again.
 */
public final class FlannelJoin implements AutoCloseable {
    private final @Nullable KubernetesClient shared;
    private final Path kept;
    private final AtomicReference<@Nullable FlannelPlan> news = new AtomicReference<>();
    private @Nullable KubernetesClient ownClient;
    private @Nullable Wish wish;
    private volatile @Nullable FlannelMembership membership; // also read by who asks for the state

    /** What a membership depends on: a new one is needed when it differs. */
    private record Wish(FlannelConfig config, String nodeName, List<IpAddress> addresses, Underlay underlay) {
        static Wish of(LocalNode node) {
            return new Wish(node.config().flannel(), node.name(), node.addresses(), underlay(node));
        }

        /** The uplink that the others send to, else the first. */
        private static Underlay underlay(LocalNode node) {
            final List<UplinkConfig> uplinks = node.config().ports().uplinks();
            final UplinkConfig external = uplinks.stream()
                    .filter(uplink -> uplink.addresses().stream().anyMatch(each -> isPublic(node, each.address())))
                    .findFirst()
                    .orElse(uplinks.isEmpty() ? null : uplinks.getFirst());
            return external == null
                    ? new Underlay(List.of(), node.config().ports().podMtu())
                    : new Underlay(external.addresses(), external.mtu());
        }

        private static boolean isPublic(LocalNode node, IpAddress address) {
            final FlannelConfig flannel = node.config().flannel();
            return address.equals(flannel.publicIp())
                    || address.equals(flannel.publicIpv6())
                    || (flannel.publicIp() == null && node.addresses().contains(address));
        }
    }

    /**
     * Joins nothing before {@link #configure}.
     *
     * @param client of the Kubernetes API, the caller's; null: one is made from the process's surroundings when the
     *               configuration asks for the registry {@code kubernetes}
     * @param kept   file for the leases that a restart begins with
     */
    public FlannelJoin(@Nullable KubernetesClient client, Path kept) {
        shared = client;
        this.kept = kept;
    }

    /**
     * Control thread: joins, leaves or joins anew, as the configuration says; does nothing when nothing of it differs.
     *
     * @return whether the node is to be in a flannel network
     */
    public boolean configure(LocalNode node) {
        final Wish next = node.config().flannel().enabled() ? Wish.of(node) : null;
        if (Objects.equals(next, wish)) {
            return next != null;
        }
        wish = next;
        final FlannelMembership before = membership;
        if (before != null) {
            before.end();
        }
        news.set(null);
        membership = next == null
                ? null
                : new FlannelMembership(
                        next.config,
                        new FlannelMember.Surroundings(
                                next.nodeName, next.addresses, next.underlay, this::client, kept),
                        before,
                        news);
        return next != null;
    }

    /**
     * The node as it was last in its network, as far as pods see that before the registry has been asked: their MTU, by
     * {@code subnet.env}.
     */
    static LocalNode remembered(LocalNode node) {
        if (!node.config().flannel().enabled()) {
            return node;
        }
        try {
            final SubnetEnv before =
                    SubnetEnv.read(Path.of(node.config().flannel().subnetFile()));
            return before == null || before.mtu() == 0 ? node : node.withPodMtuOf(before.mtu());
        } catch (final IOException e) {
            return node; // joining says what is wrong with the file
        }
    }

    private synchronized KubernetesClient client() {
        if (shared != null) {
            return shared;
        }
        KubernetesClient made = ownClient;
        if (made == null) {
            made = new KubernetesClientBuilder().build();
            ownClient = made;
        }
        return made;
    }

    /** Control thread: the newest plan, once; null when there is no news. */
    public @Nullable FlannelPlan poll() {
        return news.get() == null ? null : news.getAndSet(null);
    }

    /** In words, for people: not joined and why, joined with which subnet, or alarmed; empty without flannel. */
    public String state() {
        final FlannelMembership running = membership;
        return running == null ? "" : running.state();
    }

    /** Ends watching and renewing; the lease stays. Waits for the registry's threads for a few seconds at most. */
    @Override
    public void close() {
        final FlannelMembership running = membership;
        membership = null;
        if (running != null) {
            running.end();
            running.await();
        }
        final KubernetesClient made = ownClient;
        if (made != null) {
            made.close();
        }
    }
}
