package io.weir.agent.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.weir.agent.config.ConfigException;
import io.weir.agent.config.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConfigDirectoryTest {
    private static final String POD = """
            apiVersion: v1
            kind: Pod
            metadata: {name: web, namespace: shop}
            spec: {nodeName: node-1}
            status: {podIPs: [{ip: 10.244.1.10}, {ip: "fd00::10"}]}
            """;

    @TempDir
    Path directory;

    @Test
    void manyDocumentsListsAndFormats() throws IOException {
        write(
                "a.yaml",
                "---\n# nothing\n---\n" + POD + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
        write("deeper/b.yml", """
                apiVersion: v1
                kind: List
                items:
                - {apiVersion: v1, kind: Service, metadata: {name: front}}
                - apiVersion: networking.k8s.io/v1
                  kind: NetworkPolicy
                  metadata: {name: deny, namespace: shop}
                """);
        write("c.JSON", """
                {"apiVersion": "v1", "kind": "NodeList", "items": [{"metadata": {"name": "node-1"}}]}
                {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
                 "metadata": {"name": "top"}, "spec": {"tier": "Admin"}}
                {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "front-1"},
                 "addressType": "IPv4", "endpoints": [{"addresses": ["10.244.1.10"]}]}
                """);
        write("notes.txt", "not a manifest");
        write(".hidden.yaml", "not: [a manifest");
        final LoadedConfig loaded = ConfigDirectory.load(directory);
        final ClusterState cluster = loaded.cluster();
        assertThat(cluster.pods()).containsOnlyKeys("shop/web");
        assertThat(cluster.namespaces()).containsOnlyKeys("shop");
        assertThat(cluster.services()).containsOnlyKeys("default/front");
        assertThat(cluster.networkPolicies()).containsOnlyKeys("shop/deny");
        assertThat(cluster.nodes()).containsOnlyKeys("node-1");
        assertThat(cluster.clusterNetworkPolicies()).containsOnlyKeys("top");
        assertThat(cluster.endpointSlices()).containsOnlyKeys("default/front-1");
        assertThat(cluster.origins())
                .containsEntry("Pod shop/web", new Origin("a.yaml", 2))
                .containsEntry("Service default/front", new Origin("deeper/b.yml", 1));
        assertThat(cluster.originOf(cluster.pods().sequencedValues().getFirst()))
                .isEqualTo(new Origin("a.yaml", 2));
        assertThat(loaded.warnings()).isEmpty();
    }

    @Test
    void unknownKindsAreIgnoredWithAWarning() throws IOException {
        write("a.yaml", "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: x}\n");
        final LoadedConfig loaded = ConfigDirectory.load(directory);
        assertThat(loaded.cluster()).isEqualTo(ClusterState.EMPTY);
        assertThat(loaded.warnings())
                .containsExactly(
                        "a.yaml, document 1: Service of serving.knative.dev/v1 is ignored; weir does not use it");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{apiVersion: v1, kind: Pod, metadata: {name: b}, status: {podIPs: [{ip: 10.0.0.300}]}}"
                        + "| status.podIPs[0].ip | 10.0.0.300",
                "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {ports: [{port: 80}, {port: many}]}}"
                        + "| spec.ports[1].port | many",
                "{apiVersion: v1, kind: Node, metadata: {name: b}, spec: {podCIDR: 10.0.0.0/40}} | spec.podCIDR | 10.0.0.0/40",
                "{apiVersion: v1, kind: Pod, metadata: {namespace: b}} | metadata.name |",
                "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}} | metadata.name | shop/web",
                "{apiVersion: v1, kind: Pod, metadata: {name: b, annotations: {weir.io/netns: b}}, status: {podIPz: []}}"
                        + "| status.podIPz |",
                "{apiVersion: v1, kind: Pod, metadata: {name: b, annotations: {weir.io/netns: b}}, status: {}}"
                        + "| status.podIPs |",
                "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {sesionAffinity: ClientIP}}"
                        + "| spec.sesionAffinity |",
                "{kind: Pod} | apiVersion |",
                "{apiVersion: networking.k8s.io/v1beta1, kind: NetworkPolicy, metadata: {name: b}}"
                        + "| apiVersion | networking.k8s.io/v1beta1",
                "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: b}, addressType: IPv6,"
                        + " endpoints: [{addresses: [10.0.0.1]}]} | endpoints[0].addresses[0] | 10.0.0.1",
                "{apiVersion: weir.io/v1alpha1, kind: NodeConfig, workers: {count: 0}} | workers.count | 0",
                "{apiVersion: weir.io/v1alpha2, kind: NodeConfig} | apiVersion | weir.io/v1alpha2",
            })
    void badFieldsAreNamed(String document, String field, String value) throws IOException {
        write("b.yaml", POD + "---\n" + document + "\n");
        final ConfigException e = failure();
        assertThat(e.origin()).isEqualTo(new Origin("b.yaml", 2));
        assertThat(e.field()).isEqualTo(field);
        assertThat(e.value()).isEqualTo(value);
        assertThat(e).hasMessageStartingWith("b.yaml, document 2: " + field);
    }

    @Test
    void brokenYamlNamesDocumentAndLine() throws IOException {
        write("b.yaml", POD + "---\nkind: [Pod\n");
        assertThat(failure()).hasMessageStartingWith("b.yaml, document 2: is no YAML at line 8, column 1: ");
    }

    @Test
    void brokenJsonNamesDocumentAndLine() throws IOException {
        write(
                "b.json",
                "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\"}}\n{\"kind\": }\n");
        assertThat(failure()).hasMessageStartingWith("b.json, document 2: is no JSON at line 2, column 10: ");
    }

    @Test
    void secondNodeConfigIsRefused() throws IOException {
        write("a.yaml", "apiVersion: weir.io/v1alpha1\nkind: NodeConfig\n");
        write("b.yaml", "apiVersion: weir.io/v1alpha1\nkind: NodeConfig\n");
        assertThat(failure()).hasMessageContaining("b.yaml, document 1").hasMessageContaining("a.yaml, document 1");
    }

    @Test
    void missingDirectory() {
        final ConfigException e =
                catchThrowableOfType(ConfigException.class, () -> ConfigDirectory.load(directory.resolve("absent")));
        assertThat(e).hasMessageContaining("is no directory");
    }

    @Test
    void settingsOverrideTheDocument() throws IOException {
        write("node.yaml", "apiVersion: weir.io/v1alpha1\nkind: NodeConfig\nworkers: {count: 2, burst: 32}\n");
        final LoadedConfig loaded = ConfigDirectory.load(directory, List.of("workers.burst=128"));
        assertThat(loaded.node().workers().count()).isEqualTo(2);
        assertThat(loaded.node().workers().burst()).isEqualTo(128);
    }

    @Test
    void everyConformanceDirectoryLoads() throws IOException {
        final String conformance = System.getProperty("weir.conformance", "");
        assumeThat(conformance).as("weir.conformance is set").isNotEmpty();
        final List<Path> directories;
        try (Stream<Path> tree = Files.walk(Path.of(conformance))) {
            directories = tree.filter(path -> path.endsWith("manifests")).toList();
        }
        assertThat(directories).hasSizeGreaterThan(80);
        for (final Path each : directories) {
            final LoadedConfig loaded = ConfigDirectory.load(each);
            assertThat(loaded.warnings()).isEmpty();
            assertThat(loaded.cluster().namespaces()).isNotEmpty();
        }
    }

    private ConfigException failure() {
        final ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigDirectory.load(directory));
        assertThat(e).isNotNull();
        return e;
    }

    private void write(String name, String text) throws IOException {
        final Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
