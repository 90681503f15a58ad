package io.weir.agent.flannel;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.weir.agent.config.FlannelConfig;
import io.weir.agent.config.FlannelEtcdConfig;
import io.weir.agent.config.FlannelRegistryKind;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's membership in a flannel network: it gets the node's subnet, writes subnet.env, and makes a plan of every change
 * of leases. {@link #close} leaves the lease in place, so that forwarding and the subnet survive a restart.
 */
public final class FlannelMember implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FlannelMember.class);

    private final SubnetRegistry registry;
    private final SubnetLease lease;
    private final FlannelTranslator translator;
    private final Consumer<Leases> keeper;

    /**
     * What the member needs of its node.
     *
     * @param nodeName  as Kubernetes names it
     * @param addresses the node's own, preferred ones first
     * @param underlay  the external interface
     * @param client    of the Kubernetes API; asked for with {@code registry: kubernetes} alone
     * @param kept      file for the leases that a restart begins with; null: it begins without
     */
    public record Surroundings(
            String nodeName,
            List<IpAddress> addresses,
            Underlay underlay,
            Supplier<KubernetesClient> client,
            @Nullable Path kept) {
        public Surroundings {
            addresses = List.copyOf(addresses);
        }
    }

    private FlannelMember(
            SubnetRegistry registry, SubnetLease lease, FlannelTranslator translator, Consumer<Leases> keeper) {
        this.registry = registry;
        this.lease = lease;
        this.translator = translator;
        this.keeper = keeper;
    }

    /**
     * The plan that was in force when this node was a member last; it holds until {@link #join} makes a newer one.
     *
     * @return null when nothing was kept of this network
     */
    public static @Nullable FlannelPlan kept(FlannelConfig config, Surroundings node) {
        if (node.kept() == null) {
            return null;
        }
        final KeptLeases.Kept kept = new KeptLeases(node.kept(), config, node).read(config, node.underlay());
        return kept == null ? null : kept.plan();
    }

    /**
     * Joins the network; the caller tries again after a failure.
     *
     * @param plans called with the first plan and after each change, by one thread at a time
     * @param alarm called with a sentence for a person: another node has this node's subnet
     * @throws FlannelException when the network cannot be joined; it says why
     * @throws IOException      when a file cannot be read or written
     */
    public static FlannelMember join(
            FlannelConfig config,
            Surroundings node,
            RandomGenerator random,
            Consumer<FlannelPlan> plans,
            Consumer<String> alarm)
            throws IOException {
        final Path subnetFile = Path.of(config.subnetFile());
        if (config.registry() == FlannelRegistryKind.KUBERNETES) {
            final NetConf conf = NetConf.parse(Files.readString(Path.of(config.netConfFile())));
            final KubeSubnetRegistry kube = new KubeSubnetRegistry(
                    node.client().get(), node.nodeName(), FlannelAnnotations.of(config.annotationPrefix()), conf);
            final Runnable whenUp =
                    config.setNodeNetworkUnavailable() ? () -> kube.announceNetwork(Clock.systemUTC()) : () -> {};
            return join(config, node, random, plans, alarm, kube, conf, kube.published(), whenUp);
        }
        final EtcdSubnetRegistry etcd = new EtcdSubnetRegistry(settings(config), SubnetEnv.read(subnetFile), random);
        try {
            final NetConf conf = etcd.netConf();
            final LeaseAttributes identity = new LeaseAttributes(
                    address(config.publicIp(), node, true), address(config.publicIpv6(), node, false), "", null, null);
            return join(config, node, random, plans, alarm, etcd, conf, etcd.published(identity), () -> {});
        } catch (final FlannelException | IOException e) {
            etcd.close();
            throw e;
        }
    }

    private static FlannelMember join(
            FlannelConfig config,
            Surroundings node,
            RandomGenerator random,
            Consumer<FlannelPlan> plans,
            Consumer<String> alarm,
            SubnetRegistry registry,
            NetConf conf,
            @Nullable LeaseAttributes published,
            Runnable whenUp)
            throws IOException {
        conf.warnings().forEach(warning -> LOG.warn("flannel: {}", warning));
        final VtepMacs macs = new VtepMacs(
                VtepMac.keep(
                        Path.of(config.vtepMacFile()),
                        publishedMac(published == null ? null : published.backendData()),
                        random),
                VtepMac.keep(
                        Path.of(config.vtepMacFile() + "-v6"),
                        publishedMac(published == null ? null : published.backendV6Data()),
                        random));
        final SubnetLease lease = registry.acquire(FlannelTranslator.attributes(
                conf, address(config.publicIp(), node, true), address(config.publicIpv6(), node, false), macs));
        final FlannelTranslator translator = new FlannelTranslator(conf, lease, node.underlay(), macs, config.tunnel());
        final @Nullable KeptLeases kept = node.kept() == null ? null : new KeptLeases(node.kept(), config, node);
        final FlannelMember member = new FlannelMember(registry, lease, translator, leases -> {
            if (kept != null) {
                kept.write(conf, macs, lease, leases);
            }
        });
        translator.subnetEnv(config.ipMasq()).write(Path.of(config.subnetFile()));
        registry.watch(member.new Planner(plans, alarm, whenUp));
        return member;
    }

    private static @Nullable MacAddress publishedMac(@Nullable String data) {
        if (data == null) {
            return null;
        }
        try {
            return VtepData.parse(data).mac();
        } catch (final FlannelException e) {
            return null; // another backend's data, of an earlier life of this node
        }
    }

    private static @Nullable IpAddress address(@Nullable IpAddress configured, Surroundings node, boolean ipv4) {
        return configured != null
                ? configured
                : node.addresses().stream()
                        .filter(address -> address.isIpv4() == ipv4)
                        .findFirst()
                        .orElse(null);
    }

    private static EtcdSettings settings(FlannelConfig config) throws IOException {
        final FlannelEtcdConfig etcd = config.etcd();
        final List<String> endpoints = etcd.endpoints().isEmpty() ? List.of("http://127.0.0.1:2379") : etcd.endpoints();
        final EtcdSettings defaults =
                EtcdSettings.of(endpoints.stream().map(URI::create).toList());
        return new EtcdSettings(
                defaults.endpoints(),
                etcd.prefix(),
                path(etcd.caFile()),
                path(etcd.certFile()),
                path(etcd.keyFile()),
                etcd.username(),
                etcd.passwordFile() == null
                        ? null
                        : Files.readString(Path.of(etcd.passwordFile())).strip(),
                defaults.leaseTtl(),
                config.leaseRenewMargin(),
                defaults.timeout());
    }

    private static @Nullable Path path(@Nullable String text) {
        return text == null ? null : Path.of(text);
    }

    /** This node's lease. */
    public SubnetLease lease() {
        return lease;
    }

    /** Turns what the registry tells into plans; on the registry's thread. */
    private final class Planner implements SubnetRegistry.Listener {
        private final Consumer<FlannelPlan> plans;
        private final Consumer<String> alarm;
        private final Runnable whenUp;
        private @Nullable FlannelPlan last;

        Planner(Consumer<FlannelPlan> plans, Consumer<String> alarm, Runnable whenUp) {
            this.plans = plans;
            this.alarm = alarm;
            this.whenUp = whenUp;
        }

        @Override
        public void onLeases(Leases leases) {
            final FlannelPlan plan = translator.translate(leases);
            final FlannelPlan before = last;
            if (plan.equals(before)) {
                return;
            }
            last = plan;
            for (final String warning : plan.warnings()) {
                if (before == null || !before.warnings().contains(warning)) {
                    LOG.warn("flannel: lease {}", warning);
                }
            }
            plans.accept(plan);
            keeper.accept(leases);
            if (before == null) {
                announce();
            }
        }

        private void announce() {
            try {
                whenUp.run();
            } catch (final FlannelException e) {
                LOG.warn("flannel: {}", e.getMessage());
            }
        }

        @Override
        public void onOwnLeaseTaken(String message) {
            alarm.accept(message);
        }
    }

    @Override
    public void close() {
        registry.close();
    }
}
