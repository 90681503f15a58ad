package io.weir.bench.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel takes the peers' rules, and they are as many as meant. */
class KubeProxyRulesTest {
    private final KubeProxyRules rules = new KubeProxyRules(300, "10.0.0.0/14", "10.2.0.2:8080", "10.2.0.2:8081");

    @TempDir
    private Path directory;

    @BeforeEach
    void programs() {
        final Optional<String> missing = DeviceObstacle.find("nft", "iptables-restore");
        assumeTrue(missing.isEmpty(), () -> missing.orElse(""));
    }

    @Test
    void nftablesTakesThem() throws IOException, InterruptedException {
        try (BenchNamespaces net = new BenchNamespaces()) {
            net.create("nft");
            net.run(
                    "nft",
                    "nft",
                    "-f",
                    Files.writeString(directory.resolve("nft"), rules.nftables())
                            .toString());
            final String map = net.run("nft", "nft", "list", "map", "ip", "kube-proxy", "service-ips");
            assertThat(map.split("goto service-", -1)).hasSize(1 + 300);
            assertThat(net.run("nft", "nft", "list", "chain", "ip", "kube-proxy", "service-299"))
                    .contains("10.96.1.43")
                    .contains("goto endpoint-299-0")
                    .contains("goto endpoint-299-1");
        }
    }

    @Test
    void iptablesTakesThem() throws IOException, InterruptedException {
        try (BenchNamespaces net = new BenchNamespaces()) {
            net.create("ipt");
            final Path file = Files.writeString(directory.resolve("ipt"), rules.iptables());
            net.run("ipt", "iptables-restore", file.toString());
            assertThat(net.run("ipt", "iptables", "-t", "nat", "-S", "KUBE-SERVICES")
                            .lines())
                    .hasSize(1 + 300)
                    .last()
                    .asString()
                    .contains("10.96.1.43/32")
                    .contains("--dport 80")
                    .endsWith("KUBE-SVC-299");
        }
    }
}
