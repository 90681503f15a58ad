package io.weir.bench.services;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.weir.agent.cluster.ClusterState;
import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Services with one port, a cluster IP and a node port each, their slices with endpoints on a thousand nodes, and one pod here. */
final class ServiceCluster {
    static final String NODE = "node-0";
    static final int PORT = 80;
    static final IpAddress FIRST_CLIENT = IpAddress.parse("10.0.0.10");
    static final IpAddress FIRST_CLUSTER_IP = IpAddress.parse("10.96.0.1");
    private static final IpAddress FIRST_ENDPOINT = IpAddress.parse("10.128.0.1");
    private static final int NODES = 1000;
    private static final int NODE_PORTS = 2768;
    private static final int SLICE = 100;

    private final int endpointsEach;
    private int nextEndpoint;
    private int replacements;
    private ClusterState state;

    ServiceCluster(int services, int endpointsEach) {
        this.endpointsEach = endpointsEach;
        final ClusterState.Builder builder = ClusterState.builder();
        builder.put(new PodBuilder()
                .withNewMetadata()
                .withNamespace("bench")
                .withName("client")
                .endMetadata()
                .withNewSpec()
                .withNodeName(NODE)
                .endSpec()
                .withNewStatus()
                .withPodIPs(
                        new PodIP(FIRST_CLIENT.toString()),
                        new PodIP(FIRST_CLIENT.plus(1).toString()))
                .endStatus()
                .build());
        for (int i = 0; i < services; i++) {
            final String clusterIp = FIRST_CLUSTER_IP.plus(i).toString();
            builder.put(new ServiceBuilder()
                    .withNewMetadata()
                    .withNamespace("bench")
                    .withName("service-" + i)
                    .endMetadata()
                    .withNewSpec()
                    .withClusterIP(clusterIp)
                    .withClusterIPs(clusterIp)
                    .withType("NodePort")
                    .addNewPort()
                    .withName("main")
                    .withProtocol("UDP")
                    .withPort(PORT)
                    .withNodePort(i < NODE_PORTS ? 30_000 + i : null)
                    .endPort()
                    .endSpec()
                    .build());
            for (int j = 0; j < slicesEach(); j++) {
                builder.put(slice(i, j, List.of()));
            }
        }
        state = builder.build();
    }

    ClusterState state() {
        return state;
    }

    /** One endpoint of a Service is replaced by another, as a rollout does it all the time. */
    ClusterState replaceEndpoint(int service) {
        replacements++;
        final int number = replacements % slicesEach();
        final EndpointSlice old =
                Objects.requireNonNull(state.endpointSlices().get("bench/" + nameOf(service, number)));
        final List<Endpoint> kept =
                old.getEndpoints().subList(1, old.getEndpoints().size());
        state = state.toBuilder().put(slice(service, number, kept)).build();
        return state;
    }

    /** As many as Kubernetes itself makes of a Service's endpoints. */
    private int slicesEach() {
        return (endpointsEach + SLICE - 1) / SLICE;
    }

    private static String nameOf(int service, int number) {
        return "slice-" + service + "-" + number;
    }

    private EndpointSlice slice(int service, int number, List<Endpoint> kept) {
        final List<Endpoint> endpoints = new ArrayList<>(kept);
        while (endpoints.size() < Math.min(SLICE, endpointsEach - number * SLICE)) {
            endpoints.add(new EndpointBuilder()
                    .withAddresses(FIRST_ENDPOINT.plus(nextEndpoint).toString())
                    .withNodeName("node-" + (1 + nextEndpoint % NODES))
                    .withNewConditions()
                    .withReady(true)
                    .withServing(true)
                    .withTerminating(false)
                    .endConditions()
                    .build());
            nextEndpoint++;
        }
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace("bench")
                .withName(nameOf(service, number))
                .addToLabels("kubernetes.io/service-name", "service-" + service)
                .endMetadata()
                .withAddressType("IPv4")
                .addNewPort()
                .withName("main")
                .withProtocol("UDP")
                .withPort(8080)
                .endPort()
                .withEndpoints(endpoints)
                .build();
    }
}
