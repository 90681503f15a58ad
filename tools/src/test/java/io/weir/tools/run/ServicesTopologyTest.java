package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Services with real web servers behind them, asked from a pod, from the node and from outside. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServicesTopologyTest {
    private ServiceRig services;

    @BeforeAll
    void start() throws IOException {
        ServiceRig.assumePrograms();
        final List<ServiceRig.Endpoint> both = List.of(ServiceRig.Endpoint.ready(21), ServiceRig.Endpoint.ready(22));
        services = new ServiceRig()
                .service("web", 10, "TCP", 80, ServiceRig.loadBalancer(10))
                .endpoints("web", "TCP", both)
                .service("sticky", 11, "TCP", 80, "  sessionAffinity: ClientIP\n")
                .endpoints("sticky", "TCP", both)
                .service(
                        "near",
                        12,
                        "TCP",
                        80,
                        "  externalTrafficPolicy: Local\n  healthCheckNodePort: 32012\n" + ServiceRig.loadBalancer(12))
                .endpoints("near", "TCP", both)
                .service("empty", 13, "TCP", 80, ServiceRig.loadBalancer(13))
                .web(21)
                .web(22)
                .start();
    }

    @AfterAll
    void stop() {
        if (services != null) {
            services.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "client, 10.96.0.10, 80", "client, fd00:96::10, 80",
        "client, 192.168.7.1, 30010", "client, fd00:7::1, 30010",
        "client, 203.0.113.10, 80", "client, 2001:db8::10, 80",
        "node, 10.96.0.10, 80", "node, fd00:96::10, 80",
        "node, 203.0.113.10, 80", "node, 2001:db8::10, 80",
        "node, 192.168.7.1, 30010", "node, fd00:7::1, 30010",
        "node, 192.168.7.1, 30012", "node, fd00:7::1, 30012",
        "outside, 10.96.0.10, 80", "outside, fd00:96::10, 80",
        "outside, 192.168.7.1, 30010", "outside, fd00:7::1, 30010",
        "outside, 203.0.113.10, 80", "outside, 2001:db8::10, 80",
        "web-21, 10.96.0.10, 80", "web-21, fd00:96::10, 80"
    })
    void everyoneReachesBothBackendsByEveryAddress(String from, String address, int port) {
        assertThat(services.curls(from, address, port, 20))
                .hasSize(20)
                .anyMatch(answer -> answer.startsWith("web-21 "))
                .anyMatch(answer -> answer.startsWith("web-22 "));
    }

    /** Its own programs keep the ports that are no Service's, and get the kernel's rules back at the end. */
    @Test
    void theNodesOwnPortsStayItsOwn() {
        final TopologyNamespaces.Output output =
                services.rig.net.tryRun("node", "curl", "-sS", "-m", "5", "http://192.168.7.1:30099/");
        assertThat(output.exitCode()).as(output.text()).isEqualTo(7);
        assertThat(services.rig.net.run("node", "ip", "rule"))
                .contains("dport 30010")
                .doesNotContain("dport 30099");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.96.0.11", "fd00:96::11"})
    void aClientStaysWithItsBackend(String address) {
        assertThat(services.curls(ServiceRig.CLIENT, address, 80, 20))
                .hasSize(20)
                .containsOnly(services.curl(ServiceRig.CLIENT, address, 80));
    }

    @Test
    void theSenderIsHiddenOnlyWhereItMustBe() {
        assertThat(services.curl(ServiceRig.CLIENT, "10.96.0.10", 80)).endsWith(" 10.244.1.10");
        assertThat(services.curl(ServiceRig.OUTSIDE, "203.0.113.10", 80)).doesNotEndWith(" 192.168.7.2");
        assertThat(services.curl(ServiceRig.OUTSIDE, "203.0.113.12", 80)).endsWith(" 192.168.7.2");
        assertThat(services.curl(ServiceRig.OUTSIDE, "2001:db8::12", 80)).endsWith(" fd00:7::2");
        assertThat(services.curl(ServiceRig.OUTSIDE, "192.168.7.1", 30012)).endsWith(" 192.168.7.2");
    }

    @ParameterizedTest
    @CsvSource({
        "client, 10.96.0.13, 80",
        "node, fd00:96::13, 80",
        "outside, 203.0.113.13, 80",
        "outside, 192.168.7.1, 30013",
        "client, 10.96.0.10, 81"
    })
    void aServiceWithoutEndpointsAndAWrongPortAreRefusedAtOnce(String from, String address, int port) {
        final TopologyNamespaces.Output output = services.rig.net.tryRun(
                from, "curl", "-sS", "-m", "5", "http://" + ServiceRig.bracketed(address) + ":" + port + "/");
        assertThat(output.exitCode()).as(output.text()).isEqualTo(7);
        assertThat(output.text()).contains("after");
    }

    @Test
    void loadBalancersLearnHowManyEndpointsAreHere() {
        for (final String address : List.of("192.168.7.1", "fd00:7::1")) {
            final String url = "http://" + ServiceRig.bracketed(address) + ":32012/whatever";
            assertThat(services.rig.net.run(ServiceRig.OUTSIDE, "curl", "-sSi", "-m", "5", url))
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .containsIgnoringCase("\r\nX-Load-Balancing-Endpoint-Weight: 2\r\n")
                    .endsWith("""
                            {
                            \t"service": {
                            \t\t"namespace": "default",
                            \t\t"name": "near"
                            \t},
                            \t"localEndpoints": 2,
                            \t"serviceProxyHealthy": true
                            }""");
        }
    }
}
