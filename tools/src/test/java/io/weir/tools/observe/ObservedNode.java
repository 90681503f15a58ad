package io.weir.tools.observe;

import io.weir.agent.api.FileCounters;
import io.weir.agent.api.LocalApi;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.StationAddresses;
import io.weir.agent.node.WeirDropReasons;
import io.weir.agent.simulation.Outbox;
import io.weir.agent.simulation.SimulatedNode;
import io.weir.agent.simulation.SimulatedPort;
import io.weir.agent.simulation.SimulatedPorts;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.ThreadingMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A node with two pods and a Service between memory ports, stepped by a control thread of its own, that shows itself in a
 * directory as a running weir does.
 */
final class ObservedNode implements AutoCloseable {
    static final String CLIENT = "10.244.1.10";
    static final String SERVER = "10.244.1.11";
    static final String SERVICE = "10.96.0.10";
    private static final String MANIFESTS = """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: node-1
            clusterCidrs: [10.244.0.0/16]
            serviceCidrs: [10.96.0.0/16]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client, namespace: default}
            spec: {nodeName: node-1}
            status: {podIPs: [{ip: 10.244.1.10}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: server, namespace: default}
            spec: {nodeName: node-1}
            status: {podIPs: [{ip: 10.244.1.11}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default}
            spec:
              clusterIP: 10.96.0.10
              clusterIPs: [10.96.0.10]
              ports: [{name: http, port: 80, protocol: TCP, targetPort: 8080}]
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata:
              name: web-1
              namespace: default
              labels: {kubernetes.io/service-name: web}
            addressType: IPv4
            endpoints: [{addresses: [10.244.1.11], nodeName: node-1, conditions: {ready: true}}]
            ports: [{name: http, port: 8080, protocol: TCP}]
            """;

    private final NodeFiles files;
    private final SimulatedPorts ports;
    private final NodeDataplane node;
    private final LocalApi api;
    private final Queue<Runnable> work = new ConcurrentLinkedQueue<>();
    private final Thread control;
    private volatile boolean ending;

    /**
     * @param root where the node's directory is made
     */
    ObservedNode(Path root) throws IOException {
        final Path config = Files.createDirectories(root.resolveSibling("config"));
        Files.writeString(config.resolve("all.yaml"), MANIFESTS);
        final LocalNode local = LocalNode.of(ConfigDirectory.load(config, SimulatedNode.SMALL));
        final DataplaneSettings settings = NodeDataplane.settings(local.config(), ThreadingMode.INVOKER);
        files = NodeFiles.create(
                root.resolve(local.name()),
                local.name(),
                settings.workers(),
                settings.maxPorts(),
                WeirDropReasons.ALL,
                SystemNanoClock.INSTANCE);
        ports = new SimulatedPorts(local.config().ports(), Outbox.NONE);
        node = new NodeDataplane(local, settings, SystemNanoClock.INSTANCE, new FileCounters(files), ports);
        node.apply(local);
        api = new LocalApi(node, files);
        control = Thread.ofPlatform().name("control").start(this::loop);
    }

    private void loop() {
        while (!ending) {
            for (Runnable next = work.poll(); next != null; next = work.poll()) {
                next.run();
            }
            node.dataplane().step();
            node.poll(System.nanoTime());
            api.poll(System.nanoTime());
            LockSupport.parkNanos(200_000);
        }
    }

    Path directory() {
        return files.directory();
    }

    /** A packet of the client's, from its Ethernet header on. */
    static PacketBuilder fromClient() {
        return PacketBuilder.packet().ethernet(StationAddresses.stationOf("default/client"), StationAddresses.GATEWAY);
    }

    /** Lets a pod send, and waits until the packet is at its end. */
    void send(String pod, byte[] frame) {
        final Ingress ingress = Objects.requireNonNull(node.podPorts().get(pod));
        final SimulatedPort port = Objects.requireNonNull(ports.port(ingress.port()));
        onControlThread(() -> {
            port.offer(frame);
            node.dataplane().step();
            api.refresh();
        });
    }

    private void onControlThread(Runnable task) {
        final CountDownLatch done = new CountDownLatch(1);
        work.add(() -> {
            task.run();
            done.countDown();
        });
        try {
            if (!done.await(20, TimeUnit.SECONDS)) {
                throw new AssertionError("the control thread hangs");
            }
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets a pod send a packet many times, as fast as it goes, and waits until all have passed. */
    void flood(String pod, byte[] frame, int times) {
        final SimulatedPort port = Objects.requireNonNull(
                ports.port(Objects.requireNonNull(node.podPorts().get(pod)).port()));
        work.add(() -> {
            for (int i = 0; i < times; i++) {
                port.offer(frame);
            }
            while (node.dataplane().step() != 0) {
                // until all have passed
            }
        });
        onControlThread(() -> {});
    }

    @Override
    public void close() throws IOException {
        ending = true;
        try {
            control.join();
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
        api.close();
        node.close();
        files.close();
    }
}
