package io.weir.agent.node;

import io.weir.agent.config.ConfigException;
import io.weir.agent.config.FlannelConfig;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.PodDevice;
import io.weir.agent.config.PodPortsConfig;
import io.weir.agent.config.RouteConfig;
import io.weir.agent.config.TablesConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.config.VpcRouteTableConfig;
import io.weir.agent.config.WorkersConfig;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.agent.flannel.FlannelRoute;
import io.weir.agent.flannel.VpcRoutes;
import io.weir.agent.offload.Offloader;
import io.weir.agent.policy.PolicyTranslator;
import io.weir.agent.service.EarlyFlows;
import io.weir.agent.service.ServiceTranslator;
import io.weir.agent.service.TranslatedServices;
import io.weir.conntrack.ConnectionFilter;
import io.weir.conntrack.ConntrackCompiler;
import io.weir.conntrack.ConntrackStages;
import io.weir.dataplane.answer.NeighbourSettings;
import io.weir.dataplane.answer.NeighbourWorkers;
import io.weir.dataplane.answer.Neighbours;
import io.weir.dataplane.endpoint.EndpointCompiler;
import io.weir.dataplane.endpoint.EndpointSpec;
import io.weir.dataplane.endpoint.EndpointTable;
import io.weir.dataplane.endpoint.SourceCheckStage;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.route.HopLimitStage;
import io.weir.dataplane.route.RouteCompiler;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.route.RouteTable;
import io.weir.dataplane.worker.Dataplane;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.ThreadingMode;
import io.weir.dataplane.worker.WorkerSettings;
import io.weir.lb.AffinityTable;
import io.weir.lb.BackendTable;
import io.weir.lb.ServiceCompiler;
import io.weir.lb.ServiceStage;
import io.weir.lb.ServiceTable;
import io.weir.policy.PolicyCompiler;
import io.weir.policy.PolicyStage;
import io.weir.policy.PolicyTable;
import io.weir.policy.spec.PolicySpec;
import io.weir.vxlan.VxlanCompiler;
import io.weir.vxlan.VxlanTable;
import io.weir.vxlan.VxlanTermination;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A node's dataplane, and the one place where the pipeline is wired. {@link #apply} makes it be what a configuration says:
 * ports come and go, every compiler turns its part into a table, and all of it is published at once. Called by one control
 * thread.
 */
public final class NodeDataplane implements AutoCloseable {
    /** Connections are looked after in portions: what is due by time, and no more than this at once. */
    private static final int SWEEP_CONNECTIONS = 32_768;

    private final NanoClock clock;
    private final Dataplane dataplane;
    private final NodePorts ports;
    private final Neighbours neighbours;
    private final NodeWorkers workers;

    private final EndpointCompiler endpoints;
    private final RouteCompiler routes;
    private final BackendTable backends;
    private final AffinityTable affinity;
    private final ServiceTranslator serviceTranslator;
    private final HostPortServices hostPorts = new HostPortServices();
    private final ServiceCompiler services;
    private final PolicyTranslator policyTranslator = new PolicyTranslator();
    private final PolicyCompiler policies;
    private final ConntrackCompiler conntrack;
    private final EarlyFlows earlyFlows;
    private final Offloader offloader;

    private final AttachedPorts attached;
    private @Nullable LocalNode wanted;
    private volatile @Nullable LocalNode current;
    private final VxlanCompiler vxlan = new VxlanCompiler();
    private @Nullable FlannelPlan flannel;
    private final VpcRoutes vpcRoutes = new VpcRoutes();
    private @Nullable VxlanTermination tunnels;
    private List<String> warnings = List.of();
    private volatile @Nullable ServiceTable serviceTable;
    private @Nullable TranslatedServices translatedServices;
    private PolicyTable policyTable = PolicyTable.EMPTY;
    private final NodeObjects objects = new NodeObjects();
    private final StrayPods strayPods = new StrayPods();

    private SourceCheckStage sourceCheck;
    private List<Stage> beforeRoutes = List.of();
    private List<Stage> afterRoutes = List.of();

    /**
     * Makes all tables, as large as the node's configuration says. Nothing is forwarded before {@link #apply}.
     *
     * @param node     whose dataplane it will be; its name and its table sizes stay as they are now
     * @param counters memory for each worker's counters
     */
    public NodeDataplane(
            LocalNode node, DataplaneSettings settings, NanoClock clock, CounterMemory counters, NodePorts ports) {
        this.ports = ports;
        this.clock = clock;
        final NodeConfig config = node.config();
        workers = new NodeWorkers(counters, config.ports().pods());
        dataplane = new Dataplane(settings, clock, workers);
        attached = new AttachedPorts(dataplane, ports);
        neighbours = new Neighbours(
                new NeighbourSettings(60, 3, config.tables().neighbours()),
                workers.neighbourEvents(),
                port -> dataplane.ingresses().get(port),
                NeighbourWorkers.of(
                        dataplane.proxies().getFirst(), workers.routers().getFirst()));
        final VersionSlots slots = dataplane.slots();
        endpoints = new EndpointCompiler(slots);
        sourceCheck = new SourceCheckStage(endpoints.table(), dataplane.ingresses());
        routes = new RouteCompiler(dataplane.adjacencies(), slots);
        backends = new BackendTable(config.services().backends());
        affinity = new AffinityTable(config.services().affinityClients());
        serviceTranslator = new ServiceTranslator(node.name());
        services = new ServiceCompiler(slots, backends, affinity);
        policies = new PolicyCompiler(slots);
        conntrack = new ConntrackCompiler(ConntrackSpecs.conntrack(config), backends, slots, new SplittableRandom());
        earlyFlows = new EarlyFlows(conntrack.table(), serviceTranslator.metrics(), clock);
        workers.fragments(conntrack.fragments());
        offloader = new Offloader(
                ports.offload(),
                conntrack.table().handover(),
                dataplane::snapshot,
                workers.candidates(),
                dataplane.workers().getFirst().counters());
    }

    /**
     * Makes the dataplane do what the node's configuration says, from each worker's next burst on. Flows that the difference
     * does not concern go on undisturbed.
     *
     * @throws ConfigException when the configuration contradicts itself; nothing has changed then
     */
    public void apply(LocalNode configured) {
        final long beginNs = System.nanoTime();
        final LocalNode node = flannel == null ? configured : configured.in(flannel, objects);
        check(node);
        final TranslatedServices wantedServices = serviceTranslator.translate(node.cluster(), node.config(), flannel);
        final PolicySpec wantedPolicies = policyTranslator.translate(node.cluster(), PolicySubjects.of(node));

        final Changes changes = new Changes();
        attached.reconcile(node, changes, () -> ports.arrange(node, wantedServices), this::rearrange);
        final Map<UplinkConfig, Ingress> uplinks = attached.uplinks();
        final EndpointTable local = endpoints.compile(endpointSpecs(node), changes);
        final List<String> refusals = new ArrayList<>();
        neighbours.configured(new NodeRoutes(
                        node,
                        ports,
                        attached.podPorts(),
                        uplinks,
                        attached.host(),
                        toNodes(node, refusals),
                        strayPods,
                        vxlan::farEndOf)
                .all());
        final RouteTable table = routes.compile(neighbours.routes(), changes);
        final ServiceTable newServices = services.compile(hostPorts.with(wantedServices.spec(), node), changes);
        earlyFlows.endWith(changes, services.appearedUdp());
        final PolicyTable newPolicies = policies.compile(wantedPolicies, changes);
        final ConntrackStages tracking = conntrack.compile(
                ConntrackSpecs.conntrack(node.config()),
                ConntrackSpecs.snat(node, uplinks, flannel),
                dataplane.adjacencies());

        tunnels = tunnels(flannel);
        sourceCheck = new SourceCheckStage(local, dataplane.ingresses());
        beforeRoutes = List.of(tracking.conntrack(), new ServiceStage(newServices), new PolicyStage(newPolicies));
        afterRoutes = List.of(tracking.snat(), tracking.commit());
        publish(table, changes);
        wanted = configured;
        current = node;
        warnings = Stream.concat(wantedServices.warnings().stream(), refusals.stream())
                .toList();
        translatedServices = wantedServices;
        serviceTable = newServices;
        policyTable = newPolicies;
        serviceTranslator
                .metrics()
                .applied(wantedServices, Duration.ofNanos(System.nanoTime() - beginNs), Instant.now());
    }

    /** Puts back what an edit that can't be applied has changed around the ports. */
    private void rearrange() {
        final LocalNode before = current;
        final TranslatedServices servicesBefore = translatedServices;
        if (before != null && servicesBefore != null) {
            ports.arrange(before, servicesBefore);
        }
    }

    /** What flannel's leases say, or null without flannel; it takes effect with the next {@link #apply}. */
    public void flannel(@Nullable FlannelPlan plan) {
        flannel = plan;
    }

    /** What the last call of {@link #flannel(FlannelPlan)} said. */
    public @Nullable FlannelPlan flannel() {
        return flannel;
    }

    /** Another object only when tunnels have changed. */
    private @Nullable VxlanTermination tunnels(@Nullable FlannelPlan plan) {
        if (plan == null || plan.vxlan().networks().isEmpty()) {
            return null;
        }
        final VxlanTable table = vxlan.compile(plan.vxlan());
        return tunnels != null && tunnels.table() == table ? tunnels : new VxlanTermination(table);
    }

    /** The other ends of the tunnels as they are now. */
    public List<TunnelState> tunnelStates() {
        return TunnelState.all(flannel, vxlan, neighbours.routes(), dataplane.workers());
    }

    /** The ways to other nodes' pods, when somebody else than their Node objects says them; else null. */
    private @Nullable List<FlannelRoute> toNodes(LocalNode node, List<String> refusals) {
        if (flannel != null) {
            return flannel.routes();
        }
        final List<VpcRouteTableConfig> tables = node.config().flannel().vpcRoutes();
        if (tables.isEmpty()) {
            return null;
        }
        final VpcRoutes.Outcome outcome = vpcRoutes.update(tables, node.otherNodes());
        refusals.addAll(outcome.refusals());
        return outcome.routes();
    }

    /** The order of the stages: here and nowhere else. */
    private void publish(RouteTable table, Changes changes) {
        final List<Stage> stages = new ArrayList<>();
        stages.add(sourceCheck);
        stages.add(new HopLimitStage(table));
        stages.addAll(beforeRoutes);
        stages.add(new RouteStage(table));
        stages.addAll(afterRoutes);
        offloader.revoke(changes, dataplane.ingresses(), tunnels, clock.nanoTime());
        dataplane.publish(new Pipeline(stages), table, tunnels, conntrack.table(), changes);
        neighbours.published();
    }

    /**
     * What has to be done every few milliseconds besides forwarding: take in what the workers heard of neighbours, forget
     * silent connections, free what replaced tables held.
     *
     * @return whether there was or soon will be something to do, so that the next call should come in a millisecond
     */
    public boolean poll(long nowNs) {
        final boolean isChanged = current != null && neighbours.poll(nowNs);
        if (isChanged) {
            final Changes changes = new Changes();
            publish(routes.compile(neighbours.routes(), changes), changes);
        }
        conntrack.table().sweep(nowNs, SWEEP_CONNECTIONS);
        offloader.poll(nowNs);
        dataplane.conductor().reclaim();
        return isChanged || offloader.isUsed() || dataplane.conductor().pendingChanges() != 0;
    }

    /** What workers do when {@link #poll} should come at once, because a packet waits for what it does. */
    public void bell(Runnable ring) {
        workers.neighbourEvents().bell(ring);
    }

    /**
     * Ends connections now; their next packets are judged anew.
     *
     * @return connections ended
     */
    public int flushConnections(ConnectionFilter filter, long nowNs) {
        final Changes changes = new Changes();
        final int ended = conntrack.table().flush(filter::selects, changes, nowNs);
        publish(routes.table(), changes);
        return ended;
    }

    /** What can only be told once several settings are seen together. */
    private static void check(LocalNode node) {
        final FlannelConfig flannel = node.config().flannel();
        if (flannel.enabled() && !flannel.vpcRoutes().isEmpty()) {
            throw new ConfigException(
                    node.configOrigin(),
                    "flannel.vpcRoutes",
                    null,
                    "a node is a member of a flannel network or has VPC routes, not both; set flannel.enabled=false");
        }
        final PodPortsConfig pods = node.config().ports().pods();
        if (pods.offload() && pods.device() != PodDevice.VETH) {
            throw new ConfigException(
                    node.configOrigin(),
                    "ports.pods.offload",
                    true,
                    "the kernel carries packets of veth pairs only; set ports.pods.device=veth");
        }
        final List<RouteConfig> statics = node.config().routes();
        final List<UplinkConfig> known = node.config().ports().uplinks();
        for (int i = 0; i < statics.size(); i++) {
            final String port = statics.get(i).port();
            if (port != null && known.stream().noneMatch(uplink -> uplink.name().equals(port))) {
                throw new ConfigException(
                        node.configOrigin(),
                        "routes[" + i + "].port",
                        port,
                        "is no uplink; write one of "
                                + known.stream().map(UplinkConfig::name).toList());
            }
        }
    }

    private List<EndpointSpec> endpointSpecs(LocalNode node) {
        final List<EndpointSpec> specs = new ArrayList<>();
        attached.podPorts().forEach((name, ingress) -> {
            final LocalPod pod = node.pods().get(name);
            if (pod != null) {
                pod.addresses().forEach(address -> specs.add(new EndpointSpec(address, ingress.port(), name)));
            }
        });
        return specs;
    }

    /** Sizes and threads as the configuration has them. */
    public static DataplaneSettings settings(NodeConfig config, ThreadingMode threading) {
        final TablesConfig tables = config.tables();
        final WorkersConfig workers = config.workers();
        return new DataplaneSettings(
                workers.count(),
                new WorkerSettings(workers.burst(), tables.packets(), tables.bigPackets(), tables.flows()),
                threading,
                workers.idle(),
                workers.priority(),
                workers.firstCore(),
                tables.ports(),
                tables.neighbours(),
                tables.versionSlots());
    }

    public Dataplane dataplane() {
        return dataplane;
    }

    /** What the kernel carries. Control thread. */
    public Offloader offloader() {
        return offloader;
    }

    public ConntrackCompiler conntrack() {
        return conntrack;
    }

    /** The Services as last applied; null before the first time. */
    public @Nullable ServiceTable services() {
        return serviceTable;
    }

    /** The policies as last applied. */
    public PolicyTable policies() {
        return policyTable;
    }

    /** The routes as last applied. */
    public RouteTable routes() {
        return routes.table();
    }

    public BackendTable backends() {
        return backends;
    }

    /** Sentences about fields of the last configuration that could not be used. */
    public List<String> warnings() {
        return warnings;
    }

    /** Any thread: appends what Prometheus learns of Services, in its text format. */
    public void appendServiceMetrics(StringBuilder page) {
        final ServiceTable table = serviceTable;
        serviceTranslator.metrics().appendTo(page, table == null ? List.of() : table.statuses());
    }

    /** What the cluster's Services meant when they were last applied; null before the first time. */
    public @Nullable TranslatedServices translatedServices() {
        return translatedServices;
    }

    /** The node as last applied, with what flannel says about it; null before the first time. Any thread may ask. */
    public @Nullable LocalNode node() {
        return current;
    }

    /** The node as its configuration had it when it was last applied; null before the first time. */
    public @Nullable LocalNode configured() {
        return wanted;
    }

    public Neighbours neighbours() {
        return neighbours;
    }

    /** Attached pods: their ports by their names. */
    public Map<String, Ingress> podPorts() {
        return attached.podPorts();
    }

    /** Pods that the runtime attached and whose port could not be had, with the reason. */
    public Map<String, String> failedPods() {
        return attached.failures();
    }

    /** Attached uplinks, in the order of the configuration. */
    public List<Ingress> uplinkPorts() {
        return List.copyOf(attached.uplinks().values());
    }

    @Override
    public void close() {
        offloader.close();
        dataplane.close();
        attached.release();
        conntrack.close();
        affinity.close();
        backends.close();
    }
}
